/** Start time of a process in clock ticks since boot; undefined when it is gone (or a zombie) or there is no /proc. */
export function startTimeOf(pid: number): string | undefined;
/** Equal for processes that see the same pids; undefined where this cannot be known. */
export function processScope(): string | undefined;
