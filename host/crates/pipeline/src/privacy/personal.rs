//! Column names and comments that look personal.

/// Words of names, in lower case and singular; a name matches when these words occur in it side by side.
const WORDS: [&[&str]; 70] = [
    &["email"],
    &["e", "mail"],
    &["mail"],
    &["phone"],
    &["telephone"],
    &["tel"],
    &["mobile"],
    &["cell"],
    &["fax"],
    &["ssn"],
    &["social", "security"],
    &["national", "id"],
    &["identity"],
    &["id", "card"],
    &["id", "number"],
    &["idcard"],
    &["passport"],
    &["licence"],
    &["license"],
    &["tax", "id"],
    &["tin"],
    &["iban"],
    &["bank", "account"],
    &["account", "number"],
    &["card", "number"],
    &["credit", "card"],
    &["cvv"],
    &["password"],
    &["passwd"],
    &["pwd"],
    &["secret"],
    &["token"],
    &["api", "key"],
    &["login"],
    &["username"],
    &["user", "name"],
    &["first", "name"],
    &["firstname"],
    &["last", "name"],
    &["lastname"],
    &["middle", "name"],
    &["full", "name"],
    &["fullname"],
    &["given", "name"],
    &["surname"],
    &["family", "name"],
    &["maiden", "name"],
    &["contact"],
    &["address"],
    &["street"],
    &["postcode"],
    &["zip"],
    &["birth"],
    &["birthday"],
    &["dob"],
    &["ip"],
    &["latitude"],
    &["longitude"],
    &["fname"],
    &["lname"],
    &["nickname"],
    &["nick", "name"],
    &["wechat"],
    &["weixin"],
    &["qq"],
    &["whatsapp"],
    &["fingerprint"],
    &["signature"],
    &["plate", "number"],
    &["insurance", "number"],
];

/// Words for people: `name` in a table of such, or a name with such a word before it, is the name of a person.
const PEOPLE: [&str; 58] = [
    "customer",
    "client",
    "person",
    "people",
    "employee",
    "staff",
    "user",
    "member",
    "patient",
    "student",
    "teacher",
    "doctor",
    "author",
    "contact",
    "passenger",
    "guest",
    "applicant",
    "candidate",
    "resident",
    "citizen",
    "subscriber",
    "buyer",
    "owner",
    "tenant",
    "singer",
    "artist",
    "actor",
    "actress",
    "player",
    "coach",
    "manager",
    "driver",
    "pilot",
    "captain",
    "director",
    "professor",
    "lecturer",
    "instructor",
    "advisor",
    "nurse",
    "physician",
    "agent",
    "seller",
    "salesperson",
    "worker",
    "engineer",
    "lawyer",
    "judge",
    "officer",
    "parent",
    "child",
    "father",
    "mother",
    "spouse",
    "recipient",
    "sender",
    "holder",
    "cardholder",
];

/// The same in Chinese; a name or comment matches when it contains one.
const CHINESE: [&str; 26] = [
    "姓名",
    "名字",
    "手机",
    "电话",
    "邮箱",
    "邮件",
    "身份证",
    "证件",
    "护照",
    "住址",
    "地址",
    "银行卡",
    "卡号",
    "账号",
    "帐号",
    "密码",
    "口令",
    "生日",
    "出生",
    "微信",
    "社保",
    "车牌",
    "联系人",
    "联系方式",
    "邮编",
    "用户名",
];

/// Whether a column looks as if it held personal data, by its name, its comment and its table.
pub(super) fn looks_personal(table: &str, column: &str, comment: Option<&str>) -> bool {
    let (words, of_table) = (words_of(column), words_of(table));
    let named = WORDS.iter().any(|phrase| contains(&words, phrase));
    let about_people = |words: &[String]| words.iter().any(|word| PEOPLE.contains(&word.as_str()));
    let of_a_person = match words.split_last() {
        Some((last, before)) if last == "name" => about_people(if before.is_empty() { &of_table } else { before }),
        _ => false,
    };
    let chinese = [Some(column), comment]
        .into_iter()
        .flatten()
        .any(|text| CHINESE.iter().any(|part| text.contains(part)));
    let commented = comment
        .map(words_of)
        .is_some_and(|words| WORDS.iter().any(|phrase| contains(&words, phrase)));
    named || of_a_person || chinese || commented
}

fn contains(words: &[String], phrase: &[&str]) -> bool {
    words
        .windows(phrase.len())
        .any(|window| window.iter().zip(phrase).all(|(word, wanted)| word == wanted))
}

/// Words of `customerEmail`, `CUSTOMER_EMAIL` or `customer e-mails`, in lower case and without a plural s.
fn words_of(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut after_lower = false;
    for c in name.chars() {
        let boundary = !c.is_alphanumeric() || (c.is_uppercase() && after_lower);
        if boundary && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        after_lower = c.is_lowercase();
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
    }
    words.push(word);
    words
        .into_iter()
        .filter(|word| !word.is_empty())
        .map(|word| match word.strip_suffix("es") {
            Some(stem) if stem.ends_with("ss") => stem.to_owned(),
            _ if word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") => word[..word.len() - 1].to_owned(),
            _ => word,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::looks_personal;

    #[test]
    fn names_and_comments_of_people_are_recognised() {
        for (table, column, comment) in [
            ("customers", "Email", None),
            ("customers", "emailAddresses", None),
            ("customers", "contact_phone", None),
            ("employees", "name", None),
            ("t1", "c7", Some("客户手机号")),
            ("t1", "姓名", None),
            ("t1", "c8", Some("e-mail of the buyer")),
            ("users", "PASSWORD_HASH", None),
            ("users", "last_name", None),
            ("users", "id_card_no", None),
            ("orders", "customer_name", None),
            ("departments", "ManagerName", None),
            ("singers", "Name", None),
            ("t1", "wechat_id", None),
        ] {
            assert!(looks_personal(table, column, comment), "{table}.{column}");
        }
    }

    #[test]
    fn everyday_columns_are_not() {
        for (table, column) in [
            ("stadium", "Name"),
            ("products", "unit_price"),
            ("orders", "status"),
            ("customers", "company_name"),
            ("orders", "product_name"),
            ("singer", "Country"),
            ("ship", "shipping_method"),
            ("orders", "excellent"),
            ("tips", "tip_amount"),
        ] {
            assert!(!looks_personal(table, column, None), "{table}.{column}");
        }
    }
}
