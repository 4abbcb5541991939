//! Roles and permissions: the matrix, and a page for each role.

mod matrix;
mod role;
mod table;

use super::frame;
use crate::web::administration::Section;
use crate::web::route::Route;

pub(in crate::web::pages) const ROUTES: &[Route] = &[
    Route::get("/admin/roles", |visit| Box::pin(matrix::show(visit))),
    Route::post("/admin/roles", |visit| Box::pin(matrix::save(visit))),
    Route::get("/admin/roles/new", |visit| Box::pin(role::show_new(visit))),
    Route::post("/admin/roles/new", |visit| Box::pin(role::create(visit))),
    Route::get("/admin/roles/delete", |visit| Box::pin(role::ask(visit))),
    Route::post("/admin/roles/delete", |visit| Box::pin(role::delete(visit))),
    Route::get("/admin/roles/:id", |visit| Box::pin(role::show(visit))),
    Route::post("/admin/roles/:id", |visit| Box::pin(role::save(visit))),
];
