//! A small SQL Server's peer with a shop in it.

use nl2sql_database::{Connection, ConnectionSettings, Limits, TlsMode};
use nl2sql_tds_server::{Account, Database, Setup, TdsServer};

/// Two schemas, Chinese names and comments, every kind of constraint.
pub const SHOP: &str = "
CREATE SCHEMA sales;
GO
CREATE TYPE dbo.phone FROM varchar(20) NOT NULL;
GO
CREATE TABLE sales.region (
    country char(2) NOT NULL,
    code int NOT NULL,
    [name] nvarchar(40) NOT NULL UNIQUE,
    CONSTRAINT pk_region PRIMARY KEY CLUSTERED (code, country)
);
CREATE TABLE customer (
    id int IDENTITY(1, 1) NOT NULL PRIMARY KEY,
    [客户名] nvarchar(50) NOT NULL,
    country char(2) NULL,
    region int NULL,
    contact phone,
    balance decimal(12, 2) NOT NULL CONSTRAINT df_balance DEFAULT (0),
    price money NULL,
    doubled AS (balance * 2) PERSISTED,
    vip bit NOT NULL DEFAULT 1,
    born date NULL,
    CONSTRAINT ck_balance CHECK (balance >= 0),
    CONSTRAINT fk_customer_region FOREIGN KEY (region, country) REFERENCES sales.region (code, country) ON DELETE SET NULL
);
CREATE TABLE [order details] (
    customer_id int NOT NULL REFERENCES customer,
    line int NOT NULL,
    note nvarchar(max) NULL,
    PRIMARY KEY (customer_id, line)
);
CREATE UNIQUE INDEX ux_contact ON customer (contact);
CREATE UNIQUE INDEX ux_vip ON customer (country) WHERE vip = 1;
GO
CREATE VIEW sales.rich AS SELECT code, name FROM sales.region;
GO
INSERT INTO sales.region VALUES ('CN', 1, N'华北'), ('DE', 2, N'Süd');
INSERT INTO customer (id, [客户名], country, region, contact, balance, price, vip, born) VALUES
    (1, N'张三', 'CN', 1, '010-1', 10.50, 99.9999, 1, '1990-05-06'),
    (2, N'O''Brien', 'DE', 2, '030-2', 0, NULL, 0, NULL),
    (3, N'李四', NULL, NULL, '010-3', 7.25, -1, 1, '20000229');
INSERT INTO [order details] VALUES (1, 1, N'注'), (1, 2, NULL);
GO
EXEC sp_addextendedproperty N'MS_Description', N'客户表：公司的客户', N'SCHEMA', N'dbo', N'TABLE', N'customer';
EXEC sys.sp_addextendedproperty @name = N'MS_Description', @value = N'客户姓名 ''全名''', @level0type = N'SCHEMA', @level0name = N'dbo',
    @level1type = N'TABLE', @level1name = N'customer', @level2type = N'COLUMN', @level2name = N'客户名';
EXEC sp_addextendedproperty 'MS_Description', N'看得见的地区 𠮷', 'SCHEMA', 'sales', 'VIEW', 'rich';
";

/// Passwords of the logins.
pub const PASSWORD: &str = "pass;word'客";

/// The shop, with the logins `reader` and `sa`.
pub fn shop() -> Setup {
    Setup::new()
        .names(&["localhost", "127.0.0.1"])
        .database(Database::new("shop").unwrap().script(SHOP).unwrap())
        .account(Account::reader("reader", PASSWORD))
        .account(Account::administrator("sa", PASSWORD))
}

/// Settings of a login on the shop, in the clear.
pub fn settings(server: &TdsServer, user: &str) -> ConnectionSettings {
    let url = format!("mssql://{user}@127.0.0.1:{}/shop", server.port());
    ConnectionSettings {
        password: PASSWORD.into(),
        tls: TlsMode::Off,
        connect_timeout_s: 5,
        ..url.parse().unwrap()
    }
}

/// A connection of the reader.
pub async fn reader(server: &TdsServer) -> Connection {
    Connection::open(settings(server, "reader")).await.unwrap()
}

/// Limits with a short time.
pub fn hurried() -> Limits {
    Limits {
        timeout_ms: 300,
        ..Limits::default()
    }
}
