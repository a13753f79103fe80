-- Dumped without its rows.
CREATE TABLE `customer` (
  `id` int unsigned NOT NULL AUTO_INCREMENT,
  `name` varchar(40) NOT NULL COMMENT 'full name',
  `tier` enum('basic','gold') NOT NULL DEFAULT 'basic',
  `joined` date DEFAULT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB COMMENT='who buys';
CREATE TABLE `purchase` (
  `id` int NOT NULL,
  `customer_id` int unsigned NOT NULL,
  `amount` decimal(10,2) NOT NULL,
  PRIMARY KEY (`id`),
  CONSTRAINT `of_customer` FOREIGN KEY (`customer_id`) REFERENCES `customer` (`id`)
);
CREATE TABLE `broken` (
  `id` int NOT NULL,
  `name` varchar(
);
INSERT INTO `customer` VALUES (1,'Ada; Lovelace','gold','2020-01-01');
