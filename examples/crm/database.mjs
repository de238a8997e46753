// Whether the database answers. The service serves without it: orders are kept in memory, and only /version tells.
import { connect } from 'node:net';

const ASK_EVERY_MS = 5000;
const ANSWER_WITHIN_MS = 1000;
/** SSLRequest, the first thing a client of Postgres may say; the server answers one letter. */
const HELLO = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Asks again and again, in the background. Answers how to read what was seen last. */
export function watchDatabase(url) {
  if (!url || !URL.canParse(url)) return () => 'not configured';
  const { hostname, port } = new URL(url);
  let seen = 'not asked yet';
  const ask = async () => {
    seen = (await answers(hostname, Number(port || 5432))) ? 'answers' : 'does not answer';
    setTimeout(ask, ASK_EVERY_MS).unref();
  };
  void ask();
  return () => seen;
}

function answers(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer) => {
      resolve(answer);
      socket.destroy();
    };
    socket.unref();
    socket.setTimeout(ANSWER_WITHIN_MS, () => end(false));
    socket.on('connect', () => socket.write(HELLO));
    socket.on('data', () => end(true));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
  });
}
