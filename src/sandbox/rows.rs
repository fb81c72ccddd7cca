//! A few believable rows of business data in two companies.
//!
//! Knows only names and values. Does not know who may read them.

use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A row of an entity set.
pub(super) type Row = Map<String, Value>;

/// A JSON object as a row.
pub(super) fn as_row(value: Value) -> Option<Row> {
    match value {
        Value::Object(row) => Some(row),
        _ => None,
    }
}

/// The rows of the business entities. Names of sets and fields as in facts 4.8 and public samples.
pub(super) fn business() -> BTreeMap<&'static str, Vec<Row>> {
    let customer = |company: &str, account: &str, name: &str, group: &str, currency: &str| {
        json!({ "dataAreaId": company, "CustomerAccount": account, "OrganizationName": name,
                "CustomerGroupId": group, "SalesCurrencyCode": currency })
    };
    let vendor = |company: &str, account: &str, name: &str, currency: &str| {
        json!({ "dataAreaId": company, "VendorAccountNumber": account, "VendorOrganizationName": name,
                "VendorGroupId": "10", "CurrencyCode": currency })
    };
    let order = |company: &str, number: &str, customer: &str, status: &str| {
        json!({ "dataAreaId": company, "SalesOrderNumber": number, "OrderingCustomerAccountNumber": customer,
                "SalesOrderStatus": status })
    };
    let product = |company: &str, item: &str, name: &str| json!({ "dataAreaId": company, "ItemNumber": item, "ProductName": name, "InventoryUnitSymbol": "ea" });
    let journal = |company: &str, number: &str, text: &str, posted: &str| {
        json!({ "dataAreaId": company, "JournalBatchNumber": number, "JournalName": "GenJrn",
                "Description": text, "IsPosted": posted })
    };
    let tables = [
        (
            "LegalEntities",
            vec![
                json!({ "LegalEntityId": "USMF", "Name": "Contoso Entertainment System USA", "AddressCountryRegionId": "USA" }),
                json!({ "LegalEntityId": "DEMF", "Name": "Contoso Entertainment System Germany", "AddressCountryRegionId": "DEU" }),
            ],
        ),
        (
            "CustomersV3",
            vec![
                customer("usmf", "US-001", "Contoso Retail San Diego", "30", "USD"),
                customer("usmf", "US-002", "Contoso Retail Los Angeles", "30", "USD"),
                customer("usmf", "US-003", "Forest Wholesales", "10", "USD"),
                customer("demf", "DE-001", "Contoso Europe", "30", "EUR"),
                customer("demf", "DE-010", "O'Brien & Söhne", "10", "EUR"),
            ],
        ),
        (
            "VendorsV2",
            vec![
                vendor("usmf", "US-101", "Fabrikam Electronics", "USD"),
                vendor("usmf", "1001", "Acme Office Supplies", "USD"),
                vendor("demf", "DE-01001", "Datum Empfänger", "EUR"),
            ],
        ),
        (
            "SalesOrderHeadersV2",
            vec![
                order("usmf", "000691", "US-001", "Backorder"),
                order("usmf", "000692", "US-003", "Invoiced"),
                order("demf", "DE-000012", "DE-001", "Backorder"),
            ],
        ),
        (
            "ReleasedProductsV2",
            vec![
                product("usmf", "D0001", "Mid-range speaker"),
                product("usmf", "D0002", "Cabinet"),
                product("demf", "D0001", "Mid-range speaker"),
            ],
        ),
        (
            "LedgerJournalHeaders",
            vec![
                journal("usmf", "00430", "Accruals", "Yes"),
                journal("usmf", "00431", "Payroll", "No"),
                journal("demf", "00012", "Abgrenzung", "No"),
            ],
        ),
    ];
    tables.into_iter().map(|(set, rows)| (set, rows.into_iter().filter_map(as_row).collect())).collect()
}
