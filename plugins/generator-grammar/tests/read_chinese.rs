//! Kinds of Chinese pairs that meant something else or read badly when people read them.

use crate::demo::{asked, catalog, pairs};
use nl2sql_sdk::types::Sample;

const READERS: &str = r#"
    CREATE TABLE "reader" ( -- 读者
        "reader_id" INTEGER PRIMARY KEY, -- 读者编号
        "reader_name" TEXT, -- 读者姓名
        "town" TEXT, -- 所在城市
        "age" INTEGER -- 年龄
    );
    CREATE TABLE "book_order" ( -- 图书订单
        "order_id" INTEGER PRIMARY KEY, -- 订单编号
        "reader_id" INTEGER, -- 读者编号
        "state" TEXT, -- 订单状态
        "ordered" DATE, -- 下单日期
        FOREIGN KEY ("reader_id") REFERENCES "reader" ("reader_id")
    );
    CREATE TABLE "order_line" ( -- 订单明细
        "line_id" INTEGER PRIMARY KEY, -- 明细编号
        "order_id" INTEGER, -- 订单编号
        "title" TEXT, -- 书名
        "quantity" INTEGER, -- 数量
        "price" REAL, -- 单价
        FOREIGN KEY ("order_id") REFERENCES "book_order" ("order_id")
    );
    INSERT INTO "reader" VALUES (1, '王一', '苏州', 30), (2, '李二', '无锡', 41), (3, '张三', '苏州', 25), (4, '赵四', '常州', 52);
    INSERT INTO "book_order" VALUES (1, 1, '已发货', '2021-02-03'), (2, 1, '待付款', '2021-05-06'), (3, 2, '已发货', '2022-01-09'), (4, 3, '已取消', '2022-07-08');
    INSERT INTO "order_line" VALUES (1, 1, '茶馆', 2, 20.5), (2, 1, '骆驼', 1, 31), (3, 2, '茶馆', 5, 20.5), (4, 3, '边城', 3, 18), (5, 4, '骆驼', 4, 29);
"#;

fn read(about: impl Fn(&Sample) -> bool) {
    for sample in pairs(&catalog(READERS, true), "zh") {
        assert!(about(&sample), "{} / {}", sample.question, sample.sql);
    }
}

#[test]
fn what_belongs_to_the_rows_is_joined_with_de() {
    read(|sample| {
        let bare = [
            "哪些图书订单读者",
            "图书订单读者为",
            "图书订单读者是",
            "笔图书订单读者",
            "个图书订单读者",
        ];
        !bare.iter().any(|words| sample.question.contains(words))
            && !sample.question.contains("的的")
            && !sample.question.contains("的？")
    });
}

#[test]
fn a_number_is_asked_of_the_rows_and_not_of_what_stands_before_them() {
    read(|sample| {
        let measures = ["个", "名", "位", "笔"];
        let other = |measure: &str| {
            sample.question.contains(&format!("有多少{measure}读者"))
                && sample.sql.starts_with("SELECT count(*) FROM book_order")
        };
        !measures.into_iter().any(other)
    });
}

#[test]
fn the_greatest_is_named_among_the_rows_that_pass() {
    read(|sample| {
        let sql = &sample.sql;
        let top = sql.contains(" ORDER BY ")
            && sql.contains(" LIMIT 1")
            && !sql.contains("GROUP BY")
            && !sql.contains("length(");
        let filtered = sql.contains(" WHERE ") && !sql.contains("IS NOT NULL ORDER");
        let which = sample.question.starts_with("哪") || sample.question.starts_with("请问哪");
        !(top && filtered && sql.starts_with("SELECT "))
            || sql.contains("JOIN")
            || sample.question.contains('中')
            || which
    });
}

#[test]
fn any_is_some_and_both_is_said_of_what_rows_have() {
    read(|sample| {
        let both = sample.question.matches('既').count();
        !sample.question.contains("任意") && sample.question.matches("既有").count() == both
    });
}

#[test]
fn the_value_with_the_most_rows_is_not_that_of_the_row_with_the_most() {
    let samples = pairs(&catalog(READERS, true), "zh");
    for sample in &samples {
        for words in ["最多的读者所在城市", "最少的读者所在城市", "订单的读者所在城市有哪些"]
        {
            assert!(
                !sample.question.contains(words) || sample.question.contains("出现次数"),
                "{} / {}",
                sample.question,
                sample.sql
            );
        }
        assert!(!sample.question.contains("图书订单订单"), "{}", sample.question);
    }
    assert!(asked(&samples, "哪个读者所在城市的") > 0 && asked(&samples, "图书订单状态") > 0);
}

#[test]
fn a_quantity_that_is_shown_is_not_the_number_of_rows() {
    read(|sample| {
        let shown = sample.sql.starts_with("SELECT quantity FROM order_line")
            && sample
                .tags
                .iter()
                .all(|tag| ["list", "filter", "order"].contains(&tag.as_str()));
        !shown || sample.question.contains('每') || sample.question.contains('各')
    });
}

#[test]
fn a_sum_of_quantities_is_not_the_number_of_rows() {
    read(|sample| !sample.question.contains("总数量"));
}

#[test]
fn all_that_a_list_is_to_show_is_asked_for() {
    read(|sample| {
        let listed = sample.question.strip_suffix("有哪些？");
        let names = ["姓名", "城市", "年龄", "编号", "状态", "日期", "书名", "数量", "单价"];
        sample.tags != ["without"] || listed.is_none_or(|list| names.iter().any(|name| list.ends_with(name)))
    });
}
