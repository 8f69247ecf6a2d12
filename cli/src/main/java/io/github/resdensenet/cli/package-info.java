/** The {@code resdensenet} command: {@link io.github.resdensenet.cli.Main} and one class per subcommand. */
@NullMarked
package io.github.resdensenet.cli;

import org.jspecify.annotations.NullMarked;
