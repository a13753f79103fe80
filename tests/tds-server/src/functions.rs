//! Functions of T-SQL that SQLite lacks or has otherwise.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::Value;
use rusqlite::{Connection, Result};

use crate::moment::Moment;
use crate::sql_type::Column;

/// What the functions know about who asks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity {
    pub(crate) database: String,
    pub(crate) login: String,
    pub(crate) version: String,
    /// Server roles and database roles.
    pub(crate) roles: Vec<String>,
    /// `class:permission`, in upper case; the class is SERVER, DATABASE, SCHEMA, OBJECT or XP_CMDSHELL.
    pub(crate) permissions: Vec<String>,
    /// Engine edition: 3 is a server of one's own, 5 Azure SQL Database.
    pub(crate) edition: i64,
}

/// The moment at which every clock of the server stands, so that answers can be compared.
const NOW: &str = "2024-05-06 07:08:09.123";

/// Registers every function on a connection.
pub(crate) fn register(connection: &Connection, identity: &Identity) -> Result<()> {
    register_text(connection)?;
    register_dates(connection)?;
    register_identity(connection, identity)
}

fn add<T>(
    connection: &Connection,
    name: &str,
    arguments: i32,
    function: impl Fn(&Context<'_>) -> Result<T> + Send + 'static,
) -> Result<()>
where
    T: rusqlite::ToSql,
{
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(name, arguments, flags, move |context| function(context))
}

fn text(context: &Context<'_>, at: usize) -> Result<Option<String>> {
    Ok(match context.get::<Value>(at)? {
        Value::Null => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text),
        Value::Blob(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
    })
}

fn wrong(message: impl Into<String>) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(message.into().into())
}

fn register_text(connection: &Connection) -> Result<()> {
    let units = |text: &str| i64::try_from(text.encode_utf16().count()).unwrap_or(i64::MAX);
    add(connection, "len", 1, move |context| {
        Ok(text(context, 0)?.map(|text| units(text.trim_end_matches(' '))))
    })?;
    add(connection, "datalength", 1, move |context| {
        Ok(text(context, 0)?.map(|text| units(&text) * 2))
    })?;
    add(connection, "charindex", 2, |context| {
        let (Some(wanted), Some(all)) = (text(context, 0)?, text(context, 1)?) else {
            return Ok(None);
        };
        let found = all.to_lowercase().find(&wanted.to_lowercase());
        Ok(Some(found.map_or(0, |at| all[..at].chars().count() as i64 + 1)))
    })?;
    for (name, from_left) in [("tsql_left", true), ("tsql_right", false)] {
        add(connection, name, 2, move |context| {
            let Some(text) = text(context, 0)? else { return Ok(None) };
            let count = usize::try_from(context.get::<i64>(1)?).map_err(|_| wrong("Invalid length parameter."))?;
            let skipped = if from_left {
                0
            } else {
                text.chars().count().saturating_sub(count)
            };
            Ok(Some(text.chars().skip(skipped).take(count).collect::<String>()))
        })?;
    }
    add(connection, "replicate", 2, |context| {
        let count = context.get::<u32>(1).unwrap_or(0);
        Ok(text(context, 0)?.map(|text| text.repeat(count as usize)))
    })?;
    add(connection, "reverse", 1, |context| {
        Ok(text(context, 0)?.map(|text| text.chars().rev().collect::<String>()))
    })?;
    add(connection, "quotename", 1, |context| {
        Ok(text(context, 0)?.map(|text| format!("[{}]", text.replace(']', "]]"))))
    })?;
    add(connection, "like", 2, |context| {
        let (Some(pattern), Some(subject)) = (text(context, 0)?, text(context, 1)?) else {
            return Ok(None);
        };
        let fold = |text: String| text.to_lowercase().chars().collect::<Vec<char>>();
        Ok(Some(is_like(&fold(pattern), &fold(subject))))
    })
}

/// `%`, `_` and `[a-c]`, without regard to case.
fn is_like(pattern: &[char], subject: &[char]) -> bool {
    match pattern {
        [] => subject.is_empty(),
        ['%', rest @ ..] => (0..=subject.len()).any(|skipped| is_like(rest, &subject[skipped..])),
        ['[', rest @ ..] if rest.contains(&']') => {
            let close = rest.iter().position(|c| *c == ']').unwrap_or(0);
            let (set, negated) = match &rest[..close] {
                ['^', set @ ..] => (set, true),
                set => (set, false),
            };
            let Some((first, others)) = subject.split_first() else {
                return false;
            };
            let in_range = set
                .windows(3)
                .any(|range| range[1] == '-' && (range[0]..=range[2]).contains(first));
            (set.contains(first) || in_range) != negated && is_like(&rest[close + 1..], others)
        }
        [one, rest @ ..] => match subject.split_first() {
            Some((first, others)) => (*one == '_' || one == first) && is_like(rest, others),
            None => false,
        },
    }
}

fn moment(context: &Context<'_>, at: usize) -> Result<Option<Moment>> {
    let Some(text) = text(context, at)? else {
        return Ok(None);
    };
    let failed = || wrong("Conversion failed when converting date and/or time from character string.");
    Moment::parse(&text).ok_or_else(failed).map(Some)
}

fn register_dates(connection: &Connection) -> Result<()> {
    for name in ["getdate", "sysdatetime", "getutcdate", "sysutcdatetime"] {
        add(connection, name, 0, |_| Ok(NOW))?;
    }
    for name in ["year", "month", "day"] {
        add(connection, name, 1, move |context| {
            moment(context, 0)?.map(|moment| part(moment, name)).transpose()
        })?;
    }
    add(connection, "datepart", 2, |context| {
        let name = context.get::<String>(0)?;
        moment(context, 1)?.map(|moment| part(moment, &name)).transpose()
    })?;
    add(connection, "datename", 2, |context| {
        let name = context.get::<String>(0)?;
        let number = moment(context, 1)?.map(|moment| part(moment, &name)).transpose()?;
        Ok(number.map(|number| match name.to_lowercase().as_str() {
            "month" | "mm" | "m" => MONTHS[usize::try_from(number - 1).unwrap_or(0) % 12].to_owned(),
            _ => number.to_string(),
        }))
    })?;
    add(connection, "dateadd", 3, |context| {
        let (name, count) = (context.get::<String>(0)?, context.get::<i64>(1)?);
        let Some(moment) = moment(context, 2)? else {
            return Ok(None);
        };
        Ok(Some(shifted(moment, &name, count)?.canonical()))
    })?;
    add(connection, "datediff", 3, |context| {
        let name = context.get::<String>(0)?;
        let (Some(from), Some(to)) = (moment(context, 1)?, moment(context, 2)?) else {
            return Ok(None);
        };
        Ok(Some(boundary(to, &name)? - boundary(from, &name)?))
    })?;
    add(connection, "tsql_moment", 1, |context| {
        Ok(moment(context, 0)?.map(Moment::canonical))
    })?;
    for arguments in [2, 3] {
        add(connection, "tsql_cast", arguments, cast)?;
    }
    Ok(())
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn unknown_part(name: &str) -> rusqlite::Error {
    wrong(format!("'{name}' is not a recognized datepart option."))
}

fn part(moment: Moment, name: &str) -> Result<i64> {
    let (year, month, day) = moment.date();
    let seconds = moment.seconds().rem_euclid(86_400);
    Ok(match name.to_lowercase().as_str() {
        "year" | "yy" | "yyyy" => year,
        "quarter" | "qq" | "q" => (month - 1) / 3 + 1,
        "month" | "mm" | "m" => month,
        "day" | "dd" | "d" => day,
        // 0001-01-01 was a Monday; weeks begin on Sunday with 1.
        "weekday" | "dw" => (moment.days + 1) % 7 + 1,
        "dayofyear" | "dy" | "y" => moment.days - Moment::of_date(year, 1, 1).days + 1,
        "hour" | "hh" => seconds / 3600,
        "minute" | "mi" | "n" => seconds / 60 % 60,
        "second" | "ss" | "s" => seconds % 60,
        _ => return Err(unknown_part(name)),
    })
}

fn shifted(moment: Moment, name: &str, count: i64) -> Result<Moment> {
    let months = |count: i64| {
        let (year, month, day) = moment.date();
        let last = Moment::of_date(year, month + count + 1, 1).days - Moment::of_date(year, month + count, 1).days;
        Moment {
            days: Moment::of_date(year, month + count, day.min(last)).days,
            ..moment
        }
    };
    let seconds = |count: i64| Moment {
        ticks: Moment::from_seconds(moment.seconds() + count).ticks + moment.ticks % 10_000_000,
        days: Moment::from_seconds(moment.seconds() + count).days,
        offset: moment.offset,
    };
    Ok(match name.to_lowercase().as_str() {
        "year" | "yy" | "yyyy" => months(count * 12),
        "quarter" | "qq" | "q" => months(count * 3),
        "month" | "mm" | "m" => months(count),
        "week" | "wk" | "ww" => seconds(count * 7 * 86_400),
        "day" | "dd" | "d" => seconds(count * 86_400),
        "hour" | "hh" => seconds(count * 3600),
        "minute" | "mi" | "n" => seconds(count * 60),
        "second" | "ss" | "s" => seconds(count),
        _ => return Err(unknown_part(name)),
    })
}

/// Boundaries of this part of a date passed since year 1.
fn boundary(moment: Moment, name: &str) -> Result<i64> {
    let (year, month, _) = moment.date();
    Ok(match name.to_lowercase().as_str() {
        "year" | "yy" | "yyyy" => year,
        "quarter" | "qq" | "q" => year * 4 + (month - 1) / 3,
        "month" | "mm" | "m" => year * 12 + month,
        "week" | "wk" | "ww" => (moment.days + 1) / 7,
        "day" | "dd" | "d" => moment.days,
        "hour" | "hh" => moment.seconds().div_euclid(3600),
        "minute" | "mi" | "n" => moment.seconds().div_euclid(60),
        "second" | "ss" | "s" => moment.seconds(),
        _ => return Err(unknown_part(name)),
    })
}

/// CAST and CONVERT: by the kind of the type; the length and scale show in the result's metadata.
fn cast(context: &Context<'_>) -> Result<Value> {
    let Some(value) = text(context, 0)? else {
        return Ok(Value::Null);
    };
    let ty = context.get::<String>(1)?;
    let kind = ty.split('(').next().unwrap_or_default();
    let number = || {
        let failed = || {
            wrong(format!(
                "Conversion failed when converting the varchar value '{value}' to data type {kind}."
            ))
        };
        value.trim().parse::<f64>().map_err(|_| failed())
    };
    Ok(match kind {
        "int" | "bigint" | "smallint" | "tinyint" => Value::Integer(number()?.trunc() as i64),
        "bit" => Value::Integer(i64::from(
            value.eq_ignore_ascii_case("true") || number().is_ok_and(|number| number != 0.0),
        )),
        "float" | "real" => Value::Real(number()?),
        "decimal" | "numeric" | "money" | "smallmoney" => {
            number()?;
            match context.get::<Value>(0)? {
                Value::Text(text) => Value::Text(text),
                other => other,
            }
        }
        "date" => moment(context, 0)?.map_or(Value::Null, |moment| {
            Value::Text(Moment { ticks: 0, ..moment }.canonical())
        }),
        "datetime" | "datetime2" | "smalldatetime" => {
            moment(context, 0)?.map_or(Value::Null, |moment| Value::Text(moment.canonical()))
        }
        "char" | "varchar" | "nchar" | "nvarchar" => Value::Text(shortened(value, &ty)),
        "varbinary" | "binary" => Value::Blob(match context.get::<Value>(0)? {
            Value::Blob(bytes) => bytes,
            _ => value.into_bytes(),
        }),
        _ if Column::declared("", &ty).is_some() => context.get::<Value>(0)?,
        _ => return Err(wrong(format!("Type {kind} is not a defined system type."))),
    })
}

fn shortened(value: String, ty: &str) -> String {
    let length = ty.split_once('(').map(|(_, length)| length.trim_end_matches(')'));
    match length.map(str::parse::<usize>) {
        Some(Ok(length)) => value.chars().take(length).collect(),
        // `max`.
        Some(Err(_)) => value,
        None => value.chars().take(30).collect(),
    }
}

fn register_identity(connection: &Connection, identity: &Identity) -> Result<()> {
    let (database, login) = (identity.database.clone(), identity.login.clone());
    add(connection, "db_name", 0, move |_| Ok(database.clone()))?;
    for name in ["suser_sname", "suser_name", "original_login", "user_name"] {
        let login = login.clone();
        add(connection, name, 0, move |_| Ok(login.clone()))?;
    }
    add(connection, "schema_name", 0, |_| Ok("dbo"))?;
    let (version, edition) = (identity.version.clone(), identity.edition);
    add(connection, "serverproperty", 1, move |context| {
        Ok(match context.get::<String>(0)?.to_lowercase().as_str() {
            "productversion" => Value::Text(version.clone()),
            "engineedition" => Value::Integer(edition),
            "edition" => Value::Text("Test Edition (64-bit)".into()),
            _ => Value::Null,
        })
    })?;
    add(connection, "databasepropertyex", 2, |context| {
        Ok(match context.get::<String>(1)?.to_lowercase().as_str() {
            "collation" => Value::Text("SQL_Latin1_General_CP1_CI_AS".into()),
            "updateability" => Value::Text("READ_WRITE".into()),
            _ => Value::Null,
        })
    })?;
    for name in ["is_srvrolemember", "is_member", "is_rolemember"] {
        let roles = identity.roles.clone();
        add(connection, name, 1, move |context| {
            let role = context.get::<String>(0)?;
            Ok(roles.iter().any(|held| held.eq_ignore_ascii_case(&role)))
        })?;
    }
    let permissions = identity.permissions.clone();
    add(connection, "has_perms_by_name", 3, move |context| {
        let securable = text(context, 0)?.unwrap_or_default().to_lowercase();
        let class = text(context, 1)?.unwrap_or_else(|| "SERVER".into()).to_uppercase();
        let class = if securable.contains("xp_cmdshell") {
            "XP_CMDSHELL".into()
        } else {
            class
        };
        let wanted = format!("{class}:{}", text(context, 2)?.unwrap_or_default().to_uppercase());
        Ok(permissions.contains(&wanted))
    })
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::{Identity, register};

    fn value(sql: &str) -> String {
        let connection = Connection::open_in_memory().unwrap();
        register(&connection, &Identity::default()).unwrap();
        let sql = format!("SELECT CAST(({sql}) AS TEXT)");
        connection
            .query_row(&sql, [], |row| row.get::<_, Option<String>>(0))
            .unwrap()
            .unwrap_or_default()
    }

    #[test]
    fn functions_answer_as_sql_server_does() {
        for (sql, expected) in [
            ("len('客户 ')", "2"),
            ("charindex('B', 'abc')", "2"),
            ("'abc' LIKE '[a-c]_c'", "1"),
            ("'a_c' LIKE 'a[_]c'", "1"),
            ("'abc' LIKE 'a[^b]c'", "0"),
            ("year('2009-01-31')", "2009"),
            ("datepart('weekday', '2024-01-01')", "2"),
            ("dateadd('month', 1, '2009-01-31')", "2009-02-28"),
            ("dateadd('hour', -1, '2009-01-01')", "2008-12-31 23:00:00"),
            ("datediff('year', '2008-12-31', '2009-01-01')", "1"),
            ("tsql_right('abc', 2)", "bc"),
            ("tsql_cast('2009-01-31 10:00', 'date')", "2009-01-31"),
            ("tsql_cast('12.7', 'int')", "12"),
            ("tsql_cast('abcdef', 'nvarchar(3)')", "abc"),
            ("tsql_cast(NULL, 'int')", ""),
        ] {
            assert_eq!(value(sql), expected, "{sql}");
        }
    }
}
