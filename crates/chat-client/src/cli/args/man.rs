//! The man page, as `--generate man` prints it.

use std::io;

use clap::Command;
use clap_mangen::Man;

/// The man page: the program's own, and each command of it as a section.
pub(super) fn page(command: &Command) -> io::Result<String> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page)?;
    // The commands have sections here, not pages; and examples keep their lines.
    let page = String::from_utf8_lossy(&page).replace("\nchat\\-client\\-", "\nchat\\-client ").replace("(1)\n", "\n");
    let mut page = page.replace(".SH EXTRA\n", ".SH EXTRA\n.nf\n").replace(".SH VERSION", ".fi\n.SH VERSION");
    for part in command.get_subcommands().filter(|part| !part.is_hide_set()) {
        let name = format!("chat-client {}", part.get_name());
        let man = Man::new(part.clone().bin_name(&name).display_name(&name));
        let mut sections = Vec::new();
        man.render_synopsis_section(&mut sections)?;
        man.render_description_section(&mut sections)?;
        man.render_options_section(&mut sections)?;
        let mut extra = Vec::new();
        man.render_extra_section(&mut extra)?;
        let sections = String::from_utf8_lossy(&sections).replace(".SH ", ".SS ");
        let extra = String::from_utf8_lossy(&extra).replace(".SH EXTRA\n", ".SS EXTRA\n.nf\n");
        page.push_str(&format!(".SH \"{}\"\n{sections}{extra}\n.fi\n", part.get_name().to_uppercase()));
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::args::Args;

    #[test]
    fn the_man_page_has_each_command() {
        let page = page(&Args::command()).unwrap();
        for part in [".SH \"PUT\"", ".SH \"VERIFY\"", ".SH \"SEARCH\"", "report.pdf", "on\\-conflict"] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
    }
}
