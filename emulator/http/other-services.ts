import type { ServiceResponse } from '../core/service.ts';
import { renderXml } from '../query/xml.ts';
import type { RequestHead } from './read-request.ts';
import { isForm, SERVICES } from './routing.ts';

/**
 * Tells the client of a service that is not here so, in the form of the protocol that the request is in: query, or one of those
 * with JSON (Smithy, "AWS protocols"). Such an error is shown as it is, and not retried.
 */
export function refuseOtherService(service: string, head: RequestHead, requestId: string): ServiceResponse {
  const message = `This emulator has no ${service}. It has ${[...SERVICES].join(', ')}.`;
  const id = { 'x-amzn-requestid': requestId };
  if (isForm(head)) {
    const error = { Error: { Type: 'Sender', Code: 'InvalidAction', Message: message }, RequestId: requestId };
    const body = `<ErrorResponse>${renderXml(error)}</ErrorResponse>`;
    return { status: 400, headers: { ...id, 'content-type': 'text/xml' }, body };
  }
  const code = 'UnknownOperationException';
  const sent = head.headers['content-type'] ?? '';
  const type = sent.startsWith('application/x-amz-json') ? sent : 'application/json';
  const headers = { ...id, 'content-type': type, 'x-amzn-errortype': code };
  return { status: 404, headers, body: JSON.stringify({ __type: code, message }) };
}
