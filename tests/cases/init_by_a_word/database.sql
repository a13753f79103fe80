CREATE TABLE customers (id INTEGER PRIMARY KEY, city TEXT, points INTEGER);
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers(id), amount REAL);
INSERT INTO customers VALUES (1, 'Oslo', 3), (2, 'Bergen', 5), (3, 'Narvik', 8);
INSERT INTO orders VALUES (1, 1, 10.5), (2, 1, 3), (3, 2, 99), (4, 3, 42);
