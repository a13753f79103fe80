CREATE TABLE meta_columns (t varchar(20), n int, c varchar(20), kind varchar(20), words varchar(20), is_key int);
CREATE TABLE meta_links (t varchar(20), c varchar(20), ref_t varchar(20), ref_c varchar(20));
INSERT INTO meta_columns VALUES
    ('cities', 1, 'id', 'int', '编号', 1), ('cities', 2, 'title', 'varchar(30)', '城市名称', 0), ('cities', 3, 'people', 'int', '人口', 0),
    ('shops', 1, 'id', 'int', '编号', 1), ('shops', 2, 'city', 'int', '所在城市', 0), ('shops', 3, 'title', 'varchar(30)', '店名', 0),
    ('shops', 4, 'opened', 'date', '开业日期', 0), ('shops', 5, 'sales', 'decimal(10,2)', '销售额', 0);
INSERT INTO meta_links VALUES ('shops', 'city', 'cities', 'id');
CREATE TABLE cities (id int, title varchar(30), people int);
CREATE TABLE shops (id int, city int, title varchar(30), opened date, sales decimal(10, 2));
INSERT INTO cities VALUES (1, 'Oslo', 700000), (2, 'Bergen', 290000), (3, 'Narvik', 14000), (4, 'Molde', 27000);
INSERT INTO shops VALUES (1, 1, 'Lys', '2019-03-01', 1200.50), (2, 1, 'Ull', '2021-06-15', 830), (3, 2, 'Fisk', '2018-01-20', 2400),
    (4, 3, 'Nord', '2022-11-02', 310.25), (5, 2, 'Regn', '2020-09-09', 990), (6, 4, 'Rose', '2023-02-14', 75);
