//! What the outputs promise, over the fixture of all states.

mod fixture;
mod forms;
mod pages;
mod schema;
mod screen;
mod xml;
