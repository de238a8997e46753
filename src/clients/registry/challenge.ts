/** What a 401 asks for (RFC 9110, 11.6.1; the token flow of the distribution specification). */
export type Challenge =
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service?: string; readonly scope?: string }
  | { readonly scheme: 'basic' };

/** Undefined when the header asks for neither bearer nor basic. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  if (!header) return undefined;
  const bearer = /(?:^|,\s*)bearer\s+/i.exec(header);
  if (bearer) {
    const values = parameters(header.slice(bearer.index + bearer[0].length));
    const { realm, service, scope } = values;
    if (realm !== undefined) {
      return {
        scheme: 'bearer',
        realm,
        ...(service === undefined ? {} : { service }),
        ...(scope === undefined ? {} : { scope }),
      };
    }
  }
  return /(?:^|,\s*)basic(?:\s|$)/i.test(header) ? { scheme: 'basic' } : undefined;
}

function parameters(text: string): Partial<Record<'realm' | 'service' | 'scope', string>> {
  const found: Partial<Record<'realm' | 'service' | 'scope', string>> = {};
  for (const match of text.matchAll(/(realm|service|scope)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) {
    const key = (match[1] ?? '').toLowerCase() as 'realm' | 'service' | 'scope';
    found[key] = (match[2] ?? match[3] ?? '').replace(/\\(.)/g, '$1');
  }
  return found;
}

/** Token and its lifetime in milliseconds (60 s when the service does not say), or undefined when the body has none. */
export function readToken(body: string): { readonly token: string; readonly lifeMs: number } | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const { token, access_token: accessToken, expires_in: expiresIn } = parsed as Record<string, unknown>;
    const value = [token, accessToken].find((each): each is string => typeof each === 'string' && each !== '');
    if (value === undefined) return undefined;
    return { token: value, lifeMs: (typeof expiresIn === 'number' && expiresIn > 0 ? expiresIn : 60) * 1000 };
  } catch {
    return undefined;
  }
}
