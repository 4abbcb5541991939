//! Request heads and targets of every form.
