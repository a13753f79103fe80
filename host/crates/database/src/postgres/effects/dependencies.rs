//! From what reaches out to everything that runs it.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::function_body::FunctionBody;
use crate::statement_guard::{RestrictedCast, RestrictedObjects};

/// First number of an object that did not come with the server (`FirstNormalObjectId`).
pub(super) const FIRST_USER_OBJECT: u32 = 16_384;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Function,
    Relation,
    Type,
    Operator,
}

/// An object of the catalog by kind and number.
pub(super) type ObjectId = (Kind, u32);

/// What has to be known of an object to refuse it.
#[derive(Clone, Debug, Default)]
pub(super) struct Object {
    /// Name without its schema, in lower case; the symbol of an operator.
    pub(super) name: String,
    /// Types of an operator's operands.
    pub(super) operands: Vec<u32>,
    /// Whether an operator has a symbol that operators of the server have too.
    pub(super) has_common_symbol: bool,
    /// Whether `row.name` calls the function.
    pub(super) called_on_rows: bool,
}

/// A cast by function.
#[derive(Clone, Debug)]
pub(super) struct Cast {
    pub(super) source: u32,
    pub(super) target: u32,
    pub(super) function: u32,
    /// Whether it happens without being asked for.
    pub(super) is_implicit: bool,
    /// What the target may be called.
    pub(super) target_names: Vec<String>,
}

/// The catalog, as far as it says what runs what.
#[derive(Default)]
pub(super) struct Dependencies {
    pub(super) objects: BTreeMap<ObjectId, Object>,
    /// Objects that reach out by themselves, with the reason.
    pub(super) reaching: BTreeMap<ObjectId, String>,
    /// The object of the second place runs when that of the first is used.
    pub(super) edges: Vec<(ObjectId, ObjectId)>,
    /// Relations by the user's types that their columns have.
    pub(super) columns: Vec<(u32, u32)>,
    /// Texts of functions in SQL and PL/pgSQL.
    pub(super) bodies: Vec<(ObjectId, String)>,
    pub(super) casts: Vec<Cast>,
    /// Functions that may not be called by name though nothing that runs them is refused, with the reason.
    pub(super) refused_calls: Vec<(ObjectId, String)>,
    /// Functions that count as harmless.
    pub(super) allowed: HashSet<ObjectId>,
}

impl Dependencies {
    /// Everything that a statement may not use.
    pub(super) fn restricted(&self) -> RestrictedObjects {
        let bodies: Vec<(ObjectId, FunctionBody<'_>)> = self
            .bodies
            .iter()
            .filter(|(id, _)| !self.allowed.contains(id))
            .map(|(id, text)| (*id, FunctionBody::read(text)))
            .collect();
        let mut reasons = self.reaching.clone();
        for (id, body) in &bodies {
            if let Some(reason) = body.acting() {
                reasons.entry(*id).or_insert(reason);
            }
        }
        loop {
            self.follow_edges(&mut reasons);
            let restricted = self.refusals(&reasons);
            let found: Vec<(ObjectId, String)> = bodies
                .iter()
                .filter(|(id, _)| !reasons.contains_key(id))
                .filter_map(|(id, body)| Some((*id, innermost(&body.uses(&restricted)?))))
                .collect();
            if found.is_empty() {
                return self.with_refused_calls(restricted);
            }
            reasons.extend(found);
        }
    }

    /// Adds all that uses, however indirectly, what has a reason already.
    fn follow_edges(&self, reasons: &mut BTreeMap<ObjectId, String>) {
        let mut users: HashMap<ObjectId, Vec<ObjectId>> = HashMap::new();
        for (user, used) in &self.edges {
            users.entry(*used).or_default().push(*user);
        }
        let mut queue: Vec<ObjectId> = reasons.keys().copied().collect();
        while let Some(used) = queue.pop() {
            for user in users.get(&used).into_iter().flatten() {
                if reasons.contains_key(user) || self.allowed.contains(user) {
                    continue;
                }
                let reason = &reasons[&used];
                let reason = if used.0 == Kind::Function && !reason.starts_with("it runs ") {
                    format!("it runs the function {}: {reason}", self.name(used))
                } else {
                    reason.clone()
                };
                reasons.insert(*user, reason);
                queue.push(*user);
            }
        }
    }

    fn name(&self, id: ObjectId) -> &str {
        self.objects.get(&id).map_or("?", |object| object.name.as_str())
    }

    fn refusals(&self, reasons: &BTreeMap<ObjectId, String>) -> RestrictedObjects {
        let mut restricted = RestrictedObjects::default();
        for (id, reason) in reasons {
            let Some(object) = self.objects.get(id) else { continue };
            let name = object.name.clone();
            match id.0 {
                Kind::Function => {
                    if object.called_on_rows {
                        restricted.row_functions.insert(name.clone(), reason.clone());
                    }
                    restricted.functions.insert(name, reason.clone());
                }
                Kind::Relation => {
                    let reason = format!("{name} may not be read: {reason}");
                    restricted.names.insert(name, reason);
                }
                Kind::Type => {
                    let reason = format!("the type {name} may not be used: {reason}");
                    restricted.names.insert(name, reason);
                }
                Kind::Operator => self.refuse_operator(object, reason, &mut restricted),
            }
        }
        for cast in &self.casts {
            if let Some(reason) = reasons.get(&(Kind::Function, cast.function)) {
                restricted.casts.push(self.refused_cast(cast, reason));
            }
        }
        restricted
    }

    /// An operator whose symbol the server's own operators have too is told by what its operands are called, where users made their types.
    fn refuse_operator(&self, object: &Object, reason: &str, restricted: &mut RestrictedObjects) {
        let reason = format!("the operator {} may not be used: {reason}", object.name);
        let made = object.operands.iter().find(|operand| **operand >= FIRST_USER_OBJECT);
        match made.filter(|_| object.has_common_symbol) {
            Some(operand) => restricted.casts.push(RestrictedCast {
                sources: self.bearers(*operand),
                targets: Vec::new(),
                symbol: Some(object.name.clone()),
                reason,
            }),
            None => {
                for word in words_of(&object.name) {
                    restricted.names.insert((*word).to_owned(), reason.clone());
                }
                restricted.operators.insert(object.name.clone(), reason);
            }
        }
    }

    fn refused_cast(&self, cast: &Cast, reason: &str) -> RestrictedCast {
        let is_made = |of_type: u32| of_type >= FIRST_USER_OBJECT;
        let sources = if is_made(cast.source) {
            self.bearers(cast.source)
        } else {
            Vec::new()
        };
        let targets = match cast.is_implicit {
            false => cast.target_names.clone(),
            true if is_made(cast.target) && !is_made(cast.source) => self.bearers(cast.target),
            true => Vec::new(),
        };
        let target = cast.target_names.first().map_or("?", String::as_str);
        RestrictedCast {
            sources,
            targets,
            symbol: None,
            reason: format!("a cast to {target} may not be used: {reason}"),
        }
    }

    /// Names by which values of a type come into a statement: its own, and those of the relations that have it.
    fn bearers(&self, of_type: u32) -> Vec<String> {
        let relations = self.columns.iter().filter(|(_, column)| *column == of_type);
        let relations = relations.map(|(relation, _)| self.name((Kind::Relation, *relation)).to_owned());
        let mut names: Vec<String> = relations.collect();
        names.push(self.name((Kind::Type, of_type)).to_owned());
        // The type of an array is written as that of its elements.
        names.extend(names.last().and_then(|name| name.strip_prefix('_')).map(str::to_owned));
        names.sort();
        names.dedup();
        names
    }

    fn with_refused_calls(&self, mut restricted: RestrictedObjects) -> RestrictedObjects {
        for (id, reason) in &self.refused_calls {
            let Some(object) = self.objects.get(id) else { continue };
            let insert = |names: &mut HashMap<String, String>| {
                names.entry(object.name.clone()).or_insert_with(|| reason.clone());
            };
            insert(&mut restricted.functions);
            if object.called_on_rows {
                insert(&mut restricted.row_functions);
            }
        }
        restricted
    }
}

/// The last function that a chain of reasons names, with its own reason.
fn innermost(reason: &str) -> String {
    if let Some(at) = reason.rfind("it runs the function ") {
        return reason[at..].to_owned();
    }
    let last = reason.rfind("the function ").map(|at| &reason[at..]);
    match last.and_then(|last| last.split_once(" may not be called: ")) {
        Some((function, why)) => format!("it runs {function}: {why}"),
        None => reason.to_owned(),
    }
}

/// Words that stand for an operator of this symbol.
fn words_of(symbol: &str) -> &'static [&'static str] {
    match symbol {
        "~~" | "!~~" => &["like"],
        "~~*" | "!~~*" => &["ilike"],
        "=" => &[
            "in", "distinct", "nullif", "case", "using", "natural", "any", "all", "some",
        ],
        "<>" => &["in", "any", "all", "some"],
        "<" | ">" | "<=" | ">=" => &["between", "order", "any", "all", "some"],
        "~" | "!~" => &["similar"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement_guard;

    fn object(name: &str) -> Object {
        Object {
            name: name.into(),
            ..Object::default()
        }
    }

    fn function(number: u32) -> ObjectId {
        (Kind::Function, number)
    }

    /// dblink_exec <- wrapper (text) <- view <- view over it; a domain, an operator and casts over the wrapper.
    fn dependencies() -> Dependencies {
        let view = |number| (Kind::Relation, number);
        let mut made = Dependencies::default();
        made.objects.extend([
            (function(20_000), object("dblink_exec")),
            (function(20_001), object("wrapper")),
            (function(20_002), object("fine")),
            (view(20_010), object("inner_view")),
            (view(20_011), object("outer_view")),
            (view(20_012), object("boxes")),
            ((Kind::Type, 20_020), object("checked")),
            ((Kind::Type, 20_021), object("box_kind")),
            ((Kind::Operator, 20_030), object("###")),
        ]);
        made.reaching
            .insert(function(20_000), "it reaches other servers".into());
        made.bodies = vec![
            (function(20_001), "SELECT public.dblink_exec('a', 'b')".into()),
            (function(20_002), "SELECT upper($1)".into()),
        ];
        made.edges = vec![
            (view(20_010), function(20_001)),
            (view(20_011), view(20_010)),
            ((Kind::Type, 20_020), function(20_001)),
            ((Kind::Operator, 20_030), function(20_001)),
        ];
        made.columns = vec![(20_012, 20_021)];
        made.casts = vec![Cast {
            source: 20_021,
            target: 23,
            function: 20_001,
            is_implicit: false,
            target_names: vec!["integer".into(), "int4".into()],
        }];
        made
    }

    #[test]
    fn everything_above_a_reaching_function_is_refused() {
        let restricted = dependencies().restricted();
        let refused = |sql: &str| statement_guard::check(&statement_guard::POSTGRES, sql, &restricted).err();
        for (sql, reason) in [
            ("SELECT wrapper()", "other servers"),
            ("SELECT * FROM outer_view", "it runs the function dblink_exec"),
            ("TABLE \"inner_view\"", "other servers"),
            ("SELECT 'x'::checked", "the type checked"),
            ("SELECT 1 ### 2", "the operator ###"),
            ("SELECT kind::integer FROM boxes", "a cast to integer"),
        ] {
            let error = refused(sql).expect(sql).to_string();
            assert!(error.contains(reason), "{sql}: {error}");
        }
        for sql in [
            "SELECT fine('a')",
            "SELECT kind FROM boxes",
            "SELECT 1::integer",
            "SELECT 1 ## 2",
        ] {
            assert_eq!(refused(sql), None, "{sql}");
        }
    }

    #[test]
    fn allowed_functions_are_not_searched_for_callers() {
        let mut made = dependencies();
        made.allowed.insert(function(20_001));
        let restricted = made.restricted();
        assert!(
            restricted.names.is_empty() && restricted.operators.is_empty(),
            "{restricted:?}"
        );
        assert!(restricted.functions.contains_key("dblink_exec"));
    }
}
