CREATE TABLE photos (id INTEGER PRIMARY KEY, picture BLOB, caption TEXT, taken DATE, untyped, width INTEGER);
INSERT INTO photos VALUES (1, x'00ff', NULL, NULL, NULL, 3), (2, x'', NULL, NULL, NULL, 4), (3, NULL, NULL, NULL, NULL, 5);
