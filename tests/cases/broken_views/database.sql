CREATE TABLE parcels (id INTEGER PRIMARY KEY, weight REAL, town TEXT);
INSERT INTO parcels VALUES (1, 2.5, 'Oslo'), (2, 7, 'Bergen'), (3, 1, 'Oslo');
CREATE VIEW of_nothing AS SELECT a FROM nowhere;
CREATE VIEW of_no_column AS SELECT gone FROM parcels;
CREATE VIEW of_no_function AS SELECT no_such_function(weight) FROM parcels;
CREATE VIEW large AS SELECT id, weight FROM parcels WHERE weight > 2;
