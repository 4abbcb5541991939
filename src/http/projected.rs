//! Records reduced to the fields that a caller asks for.

use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::ser::Error;
use serde::{Serialize, Serializer};

use crate::domain::Projection;

/// A record with all its fields, or only with those of the projection.
pub(super) struct Projected<T> {
    record: T,
    projection: Option<Arc<Projection>>,
}

impl<T> Projected<T> {
    pub(super) fn new(record: T, projection: Option<Arc<Projection>>) -> Self {
        Self { record, projection }
    }
}

impl<T: Serialize> Serialize for Projected<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(projection) = &self.projection else {
            return self.record.serialize(serializer);
        };
        let record = serde_json::to_value(&self.record).map_err(S::Error::custom)?;
        projection.apply(record).serialize(serializer)
    }
}

/// Returns the record's schema without required fields, since a projection may remove any.
impl<T: JsonSchema> JsonSchema for Projected<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        schema.ensure_object().remove("required");
        schema
    }
}
