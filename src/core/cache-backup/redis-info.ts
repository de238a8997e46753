/** Reads the answer to INFO. */
import type { RedisFacts, RedisKeyspace } from '../model/cache.ts';

/** Of the text of INFO; what is not there is empty or 0. */
export function parseRedisInfo(text: string): RedisFacts {
  const fields = new Map<string, string>();
  const databases: RedisKeyspace[] = [];
  const modules: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const at = line.indexOf(':');
    if (at < 0 || line.startsWith('#')) continue;
    const [name, value] = [line.slice(0, at), line.slice(at + 1)];
    const index = /^db(\d+)$/.exec(name)?.[1];
    const counts = /^keys=(\d+),expires=(\d+)/.exec(value);
    const module = name === 'module' ? /^name=([^,]+)/.exec(value)?.[1] : undefined;
    if (index !== undefined && counts) {
      databases.push({ index: Number(index), keys: Number(counts[1]), expires: Number(counts[2]) });
    } else if (module !== undefined) modules.push(module);
    else fields.set(name, value);
  }
  const valkey = fields.get('valkey_version');
  return {
    version: valkey ?? fields.get('redis_version') ?? '',
    server: fields.get('server_name') ?? (valkey === undefined ? 'redis' : 'valkey'),
    role: fields.get('role') ?? '',
    isClusterNode: fields.get('cluster_enabled') === '1',
    usedMemoryBytes: Number(fields.get('used_memory') ?? 0),
    databases,
    modules,
  };
}
