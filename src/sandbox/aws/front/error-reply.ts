/** An error as the protocol of the service tells it, so that every client reads its code. */
import type { IncomingHttpHeaders } from 'node:http';
import type { AwsResponse } from './handler.ts';

interface Refused {
  readonly service: string;
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly requestId: string;
}

type Protocol = 'query' | 'json' | 's3' | 'route53' | 'ec2';

export function errorReply(refused: Refused): AwsResponse {
  const { status, code, message, requestId } = refused;
  const kind = status < 500 ? 'Sender' : 'Receiver';
  const error = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`;
  const id = `<RequestId>${requestId}</RequestId>`;
  const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
  switch (protocolOf(refused.service, refused.headers)) {
    case 'json':
      return {
        status,
        headers: { ...headers, 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code },
        body: JSON.stringify({ __type: code, message }),
      };
    case 's3':
      return {
        status,
        headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId },
        body: `${PROLOGUE}<Error>${error}${id}</Error>`,
      };
    case 'ec2':
      return {
        status,
        headers,
        body: `${PROLOGUE}<Response><Errors><Error>${error}</Error></Errors><RequestID>${requestId}</RequestID></Response>`,
      };
    case 'route53':
    case 'query': {
      const space = refused.service === 'route53' ? ' xmlns="https://route53.amazonaws.com/doc/2013-04-01/"' : '';
      const body = `<ErrorResponse${space}><Error><Type>${kind}</Type>${error}</Error>${id}</ErrorResponse>`;
      return { status, headers, body: PROLOGUE + body };
    }
  }
}

const PROLOGUE = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Code and status of "too fast" in the words of the service. */
export function throttlingOf(service: string, headers: IncomingHttpHeaders): { code: string; status: number } {
  switch (protocolOf(service, headers)) {
    case 's3':
      return { code: 'SlowDown', status: 503 };
    case 'ec2':
      return { code: 'RequestLimitExceeded', status: 503 };
    case 'json':
      return { code: 'ThrottlingException', status: 400 };
    case 'query':
    case 'route53':
      return { code: 'Throttling', status: 400 };
  }
}

function protocolOf(service: string, headers: IncomingHttpHeaders): Protocol {
  if (service === 's3' || service === 'route53' || service === 'ec2') return service;
  const isJson = headers['x-amz-target'] !== undefined || (headers['content-type'] ?? '').includes('json');
  return isJson ? 'json' : 'query';
}

export function escapeXml(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // No XML has them, not even escaped.
      .replaceAll(/\p{Cc}/gu, (char) => ('\t\n\r'.includes(char) ? char : '?'))
  );
}
