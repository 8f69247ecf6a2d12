/** The {@code resdensenet} command: {@link io.github.resdensenet.cli.Main} and one class a sub-command. */
@NullMarked
package io.github.resdensenet.cli;

import org.jspecify.annotations.NullMarked;
