CREATE TABLE customers (id integer PRIMARY KEY, city text NOT NULL, joined date, points integer, active boolean NOT NULL);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES customers, status text, amount numeric(10, 2), placed timestamptz);
CREATE TABLE order_items (order_id integer REFERENCES orders, product text, quantity integer, PRIMARY KEY (order_id, product));
COMMENT ON TABLE customers IS '客户';
COMMENT ON COLUMN customers.city IS '城市';
COMMENT ON COLUMN orders.amount IS '金额';
INSERT INTO customers VALUES (1, 'Oslo', '2024-01-02', 10, true), (2, 'Bergen', '2024-05-06', 25, false), (3, 'Oslo', NULL, 7, true),
    (4, 'Narvik', '2023-11-30', 99, true), (5, 'Molde', '2022-02-02', 41, false);
INSERT INTO orders VALUES (1, 1, 'open', 12.50, '2024-02-01 10:00+00'), (2, 1, 'paid', 80, '2024-02-03 00:00+00'), (3, 2, 'paid', 7.25, '2024-06-01 08:30+00'),
    (4, 4, 'sent', 31, '2023-12-24 18:30+00'), (5, 3, 'open', 64, NULL);
INSERT INTO order_items VALUES (1, 'lamp', 2), (1, 'rug', 1), (2, 'lamp', 1), (3, 'vase', 4), (4, 'rug', 2), (5, 'vase', 1);
ANALYZE;
