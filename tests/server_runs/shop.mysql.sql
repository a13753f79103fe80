CREATE TABLE customers (id int PRIMARY KEY, city varchar(40) NOT NULL COMMENT '城市', joined date, points int, active boolean NOT NULL) COMMENT '客户';
CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL, status varchar(10), amount decimal(10, 2) COMMENT '金额', placed datetime,
    FOREIGN KEY (customer_id) REFERENCES customers (id));
CREATE TABLE order_items (order_id int, product varchar(40), quantity int, PRIMARY KEY (order_id, product), FOREIGN KEY (order_id) REFERENCES orders (id));
INSERT INTO customers VALUES (1, 'Oslo', '2024-01-02', 10, true), (2, 'Bergen', '2024-05-06', 25, false), (3, 'Oslo', NULL, 7, true),
    (4, 'Narvik', '2023-11-30', 99, true), (5, 'Molde', '2022-02-02', 41, false);
INSERT INTO orders VALUES (1, 1, 'open', 12.50, '2024-02-01 10:00'), (2, 1, 'paid', 80, '2024-02-03'), (3, 2, 'paid', 7.25, '2024-06-01 08:30'),
    (4, 4, 'sent', 31, '2023-12-24 18:30'), (5, 3, 'open', 64, NULL);
INSERT INTO order_items VALUES (1, 'lamp', 2), (1, 'rug', 1), (2, 'lamp', 1), (3, 'vase', 4), (4, 'rug', 2), (5, 'vase', 1);
ANALYZE TABLE customers, orders, order_items;
