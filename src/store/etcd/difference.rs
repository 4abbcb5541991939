//! The records that differ between two snapshots.

use imbl::OrdMap;
use imbl::ordmap::DiffItem;

use crate::domain::Permission;
use crate::store::edits::Touched;
use crate::store::snapshot::Snapshot;

/// Returns the records that differ between two snapshots.
pub(super) fn difference(before: &Snapshot, after: &Snapshot) -> Touched {
    let mut users = differing(&before.users, &after.users);
    users.extend(differing(&before.user_statuses, &after.user_statuses));
    users.sort_unstable();
    users.dedup();
    let mut roles: Vec<_> = [before, after]
        .into_iter()
        .flat_map(|snapshot| snapshot.access.roles())
        .map(|role| role.id.clone())
        .filter(|id| before.access.role(id.as_str()) != after.access.role(id.as_str()))
        .collect();
    roles.sort_unstable();
    roles.dedup();
    let is_other = |permission: &Permission| before.access.grant(*permission) != after.access.grant(*permission);
    Touched {
        users,
        tokens: differing(&before.tokens, &after.tokens),
        custom_statuses: differing(&before.custom_statuses, &after.custom_statuses),
        roles,
        grants: Permission::ALL.iter().copied().filter(is_other).collect(),
        settings: differing(&before.settings, &after.settings),
    }
}

fn differing<K: Ord + Clone, V: PartialEq>(before: &OrdMap<K, V>, after: &OrdMap<K, V>) -> Vec<K> {
    let key = |item: DiffItem<'_, '_, K, V>| match item {
        DiffItem::Add(key, _) | DiffItem::Remove(key, _) | DiffItem::Update { new: (key, _), .. } => key.clone(),
    };
    before.diff(after).map(key).collect()
}
