// Which process is meant by a pid: pids are used again, so the start time belongs to it, and the machine and pid
// namespace in which it counts. Shared by the runner and by those who look after it.
import { readFileSync, readlinkSync } from 'node:fs';

/** Start time of a process in clock ticks since boot; undefined when it is gone (or a zombie) or there is no /proc. */
export function startTimeOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the name in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    return state === 'Z' || state === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Equal for processes that see the same pids; undefined where this cannot be known. */
export function processScope() {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return undefined;
  }
}
