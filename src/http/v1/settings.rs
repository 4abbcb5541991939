//! The endpoints of settings (`api.md` §8).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::decimal::{DECIMAL_PLACES, NotADecimal};
use crate::domain::page::Listing;
use crate::domain::{Permission, RequestError, Scope, SettingId, SettingValue, Timestamp};
use crate::http::input::Ignored;
use crate::http::query;
use crate::http::reply::Done;
use crate::http::request::{AnyRequest, UserRequest};
use crate::http::route::Route;
use crate::ops::settings::{self, ShownSetting};

/// Maximum ids in a query. Rocket.Chat's apps ask for all ids that they know at once, which are more than a hundred.
const SETTING_IDS: usize = 500;

/// The fields that clients may name in `sort`. The order is always that of the ids.
const SORT_FIELDS: &[&str] = &["_id", "_updatedAt", "group", "section", "sorter", "i18nLabel"];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("settings.public", "The settings that everybody may see", public),
        Route::get("settings.oauth", "Services to log in with: this server has none", oauth),
        Route::get(
            "service.configurations",
            "Services to log in with: this server has none",
            services,
        ),
        Route::get("pw.getPolicy", "What passwords have to be like", policy),
        Route::get("settings", "The settings that the caller may see", list).scope(Scope::Admin),
        Route::get("settings/:_id", "One setting", get)
            .permission(Permission::ViewPrivilegedSetting)
            .scope(Scope::Admin),
        Route::post("settings/:_id", "Change a setting while the server runs", set)
            .permission(Permission::EditPrivilegedSetting)
            .scope(Scope::Admin)
            .two_factor(),
        Route::post(
            "settings",
            "Change several settings while the server runs, all or none",
            set_all,
        )
        .permission(Permission::EditPrivilegedSetting)
        .scope(Scope::Admin)
        .two_factor(),
    ]
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct List {
    /// Only the settings with these ids.
    #[serde(rename = "_id")]
    ids: Option<Vec<String>>,
    offset: Option<usize>,
    count: Option<usize>,
    sort: Option<String>,
    /// True to include each setting's default as `packageValue`, which is the default of `settings`; false to leave
    /// it out, which is the default of `settings.public`.
    #[serde(rename = "includeDefaults")]
    include_defaults: Option<bool>,
    /// Ignored. Accepted because clients send it.
    #[serde(rename = "fields")]
    _fields: Option<String>,
    /// Ignored. Accepted because clients send it.
    #[serde(rename = "query")]
    _query: Option<String>,
}

impl List {
    /// Refuses an unknown sort field, and too many ids.
    fn check(&self) -> Result<(), RequestError> {
        query::sort(self.sort.clone(), SORT_FIELDS)?;
        query::at_most(self.ids.as_deref().unwrap_or_default(), "_id", SETTING_IDS)
    }

    fn wants(&self, id: SettingId) -> bool {
        let ids = self.ids.as_deref().filter(|ids| !ids.is_empty());
        ids.is_none_or(|ids| ids.iter().any(|wanted| wanted == id.as_str()))
    }
}

#[derive(Serialize, JsonSchema)]
struct Listed<T> {
    settings: Vec<T>,
    count: usize,
    offset: usize,
    total: usize,
}

#[derive(Serialize, JsonSchema)]
struct PublicSetting {
    #[serde(rename = "_id")]
    id: &'static str,
    value: SettingValue,
    /// The default value of the setting.
    #[serde(rename = "packageValue", skip_serializing_if = "Option::is_none")]
    package_value: Option<SettingValue>,
    enterprise: bool,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct FullSetting {
    #[serde(rename = "_id")]
    id: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    value: SettingValue,
    /// The default value of the setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    package_value: Option<SettingValue>,
    public: bool,
    /// True if the setting was fixed when the server started.
    blocked: bool,
    /// The source of the fixed value, if the setting is fixed.
    #[serde(skip_serializing_if = "Option::is_none")]
    fixed_by: Option<String>,
    description: &'static str,
    enterprise: bool,
    #[serde(rename = "_updatedAt", skip_serializing_if = "Option::is_none")]
    updated_at: Option<Timestamp>,
}

impl FullSetting {
    fn of(shown: ShownSetting, with_default: bool) -> Self {
        Self {
            id: shown.id.as_str(),
            kind: shown.id.type_word(),
            value: shown.value,
            package_value: with_default.then(|| shown.id.default()),
            public: shown.id.is_public(),
            blocked: shown.fixed.is_some(),
            fixed_by: shown.fixed,
            description: shown.id.about(),
            enterprise: false,
            updated_at: shown.updated_at,
        }
    }
}

fn listed<T>(found: Listing<T>) -> Listed<T> {
    Listed {
        count: found.items.len(),
        offset: found.offset,
        total: found.total,
        settings: found.items,
    }
}

async fn public(call: AnyRequest, asked: List) -> Result<Listed<PublicSetting>, RequestError> {
    asked.check()?;
    let page = query::page(&call.app, asked.offset, asked.count);
    let with_defaults = asked.include_defaults.unwrap_or(false);
    let wanted: Vec<_> = settings::public(&call.app)
        .filter(|shown| asked.wants(shown.id))
        .map(|shown| PublicSetting {
            id: shown.id.as_str(),
            value: shown.value,
            package_value: with_defaults.then(|| shown.id.default()),
            enterprise: false,
        })
        .collect();
    Ok(listed(Listing::of(wanted.into_iter(), page)))
}

async fn list(call: UserRequest, asked: List) -> Result<Listed<FullSetting>, RequestError> {
    asked.check()?;
    let page = query::page(&call.app, asked.offset, asked.count);
    let (actor, with_defaults) = (call.actor(), asked.include_defaults.unwrap_or(true));
    let visible = settings::visible(&call.app, &actor);
    let wanted: Vec<_> = visible
        .filter(|shown| asked.wants(shown.id))
        .map(|shown| FullSetting::of(shown, with_defaults))
        .collect();
    Ok(listed(Listing::of(wanted.into_iter(), page)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(rename = "_id")]
    id: String,
}

#[derive(Serialize, JsonSchema)]
struct OneSetting {
    #[serde(rename = "_id")]
    id: &'static str,
    value: SettingValue,
    /// True if the setting was fixed when the server started.
    blocked: bool,
}

async fn get(call: UserRequest, which: Which) -> Result<OneSetting, RequestError> {
    let shown = settings::get(&call.app, &call.actor(), &which.id)?;
    Ok(OneSetting {
        id: shown.id.as_str(),
        value: shown.value,
        blocked: shown.fixed.is_some(),
    })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Set {
    #[serde(rename = "_id")]
    id: String,
    #[schemars(with = "SettingValue")]
    value: Value,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetAll {
    settings: Vec<SetOne>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SetOne {
    #[serde(rename = "_id")]
    id: String,
    #[schemars(with = "SettingValue")]
    value: Value,
    /// The editor of a colour. Accepted and ignored, since this server has no settings of colours.
    #[serde(rename = "editor")]
    _editor: Option<Editor>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Editor {
    Color,
    Expression,
}

async fn set(call: UserRequest, new: Set) -> Result<Done, RequestError> {
    settings::set(&call.app, &call.actor(), &new.id, setting_value(new.value)?).await?;
    Ok(Done {})
}

async fn set_all(call: UserRequest, new: SetAll) -> Result<Done, RequestError> {
    query::at_most(&new.settings, "settings", SETTING_IDS)?;
    if new.settings.is_empty() {
        return Err(RequestError::invalid("must NOT have fewer than 1 items", "settings"));
    }
    let value = |set: SetOne| Ok((set.id, setting_value(set.value)?));
    let wanted: Vec<_> = new
        .settings
        .into_iter()
        .map(value)
        .collect::<Result<_, RequestError>>()?;
    settings::set_all(&call.app, &call.actor(), wanted).await?;
    Ok(Done {})
}

fn setting_value(value: Value) -> Result<SettingValue, RequestError> {
    Ok(match value {
        Value::Bool(set) => SettingValue::Flag(set),
        Value::String(text) => SettingValue::Text(text),
        Value::Number(number) => match (number.as_i64(), number.to_string().parse()) {
            (Some(number), _) => SettingValue::Number(number),
            (None, Ok(decimal)) => SettingValue::Decimal(decimal),
            (None, Err(NotADecimal)) => {
                let words = format!("must be a number of at least 0 with at most {DECIMAL_PLACES} decimal places");
                return Err(RequestError::invalid(words, "value"));
            }
        },
        _ => return Err(RequestError::invalid("must be boolean, number or string", "value")),
    })
}

#[derive(Serialize, JsonSchema)]
struct Services {
    services: Vec<Value>,
}

#[derive(Serialize, JsonSchema)]
struct Configurations {
    configurations: Vec<Value>,
}

#[derive(Serialize, JsonSchema)]
struct Policy {
    enabled: bool,
    policy: Vec<Vec<Value>>,
}

async fn oauth(_: AnyRequest, _: Ignored) -> Result<Services, RequestError> {
    Ok(Services { services: Vec::new() })
}

async fn services(_: AnyRequest, _: Ignored) -> Result<Configurations, RequestError> {
    Ok(Configurations {
        configurations: Vec::new(),
    })
}

async fn policy(call: AnyRequest, _: Ignored) -> Result<Policy, RequestError> {
    let policy = call.app.settings().password_policy();
    Ok(Policy {
        enabled: policy.is_on(),
        policy: policy.describe(),
    })
}
