//! What Business Central holds: environments, companies, users, and the apps' cards.
//!
//! Pure state. Does not know HTTP.

use crate::sandbox::rows::{Row, as_row};
use crate::sandbox::tenant::{CLIENT_ID, PERSON};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use uuid::{Uuid, uuid};

/// The company that the operator wants.
pub(super) const COMPANY: &str = "CRONUS";
/// The environment that the operator wants.
pub(super) const ENVIRONMENT: &str = "Production";
/// The permission set that reads what the connection needs.
const FULL_ACCESS: &str = "D365 BUS FULL ACCESS";

/// Business Central of the tenant. Its environments hold the same.
#[derive(Debug)]
pub(super) struct BusinessCentral {
    /// Names and types.
    pub(super) environments: Vec<(&'static str, &'static str)>,
    pub(super) companies: Vec<Company>,
    /// The page *Microsoft Entra applications*, by client id.
    pub(super) cards: BTreeMap<Uuid, Card>,
    /// Who of the tenant's users may come in.
    pub(super) users: BTreeSet<String>,
}

/// A company.
#[derive(Debug)]
pub(super) struct Company {
    pub(super) id: Uuid,
    pub(super) name: &'static str,
    display_name: &'static str,
}

/// An app's card.
#[derive(Debug)]
pub(super) struct Card {
    /// *State* is *Enabled*.
    pub(super) enabled: bool,
    pub(super) permission_sets: BTreeSet<&'static str>,
}

impl BusinessCentral {
    pub(super) fn new() -> BusinessCentral {
        let company = |id, name, display_name| Company { id, name, display_name };
        let mut all = BusinessCentral {
            environments: vec![(ENVIRONMENT, "Production"), ("Sandbox", "Sandbox")],
            companies: vec![
                company(uuid!("9d3f5c60-17a2-4e8b-bd41-2c6e0f7a8b95"), COMPANY, "CRONUS International Ltd."),
                company(uuid!("3a8e6b17-c4d0-4f92-8e5a-7b1d9c2f6043"), "My Company", "My Company"),
            ],
            cards: BTreeMap::new(),
            users: BTreeSet::new(),
        };
        all.register();
        all
    }

    /// An administrator sets up the card of the operator's app, and lets the user in.
    pub(super) fn register(&mut self) {
        let card = self.cards.entry(CLIENT_ID).or_insert(Card { enabled: true, permission_sets: BTreeSet::new() });
        card.enabled = true;
        card.permission_sets.insert(FULL_ACCESS);
        self.users.insert(PERSON.into());
    }
}

impl Card {
    /// Whether one of its permission sets reads anything.
    pub(super) fn may_read(&self) -> bool {
        self.permission_sets.contains(FULL_ACCESS)
    }
}

impl Company {
    /// As the API shows it.
    pub(super) fn row(&self) -> Option<Row> {
        as_row(json!({ "id": self.id, "systemVersion": "27.0.38460.0", "timestamp": 20614, "name": self.name,
                       "displayName": self.display_name, "businessProfileId": "" }))
    }
}

/// The entity sets of every company: set, the table behind it, rows.
pub(super) fn entities(set: &str) -> Option<(&'static str, Vec<Row>)> {
    let row = |id: Uuid, number: &str, name: &str| json!({ "id": id, "number": number, "displayName": name });
    let (table, rows): (_, Vec<Value>) = match set {
        "customers" => (
            "18 Customer",
            vec![
                row(uuid!("5f1c8e02-6a3d-4b97-9e20-d4b7a1c63f58"), "10000", "Adatum Corporation"),
                row(uuid!("c7b2049d-8e15-4a6f-b3d8-1f9e5c70a264"), "20000", "Trey Research"),
            ],
        ),
        "items" => (
            "27 Item",
            vec![
                row(uuid!("8a4d7f31-02be-4c69-a5f7-6e3c1d9b8025"), "1896-S", "ATHENS Desk"),
                row(uuid!("e6039b5c-d14f-4872-9ca1-50b8f2e7d346"), "1900-S", "PARIS Guest Chair, black"),
            ],
        ),
        "vendors" => ("23 Vendor", vec![row(uuid!("14e9c6a8-7b50-4d3f-86e2-9a0d5f1b7c83"), "10000", "Fabrikam, Inc.")]),
        _ => return None,
    };
    Some((table, rows.into_iter().filter_map(as_row).collect()))
}
