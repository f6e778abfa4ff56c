import { validationText, violationsOf, type Reader } from '../constraints/violations.ts';
import type { ServiceContext } from '../world/context.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { Service, ServiceName, ServiceRequest, ServiceResponse } from '../core/service.ts';
import { QueryParameters } from './parameters.ts';
import { renderXml, type XmlStructure } from './xml.ts';

/** Void if the answer has no result element. */
export type QueryResult = XmlStructure | void;

export type QueryOperation = (
  request: ServiceRequest,
  parameters: QueryParameters,
) => QueryResult | Promise<QueryResult>;

interface QueryApi {
  readonly name: ServiceName;
  /** For example `2011-06-15`. */
  readonly version: string;
  readonly namespace: string;
  readonly operations: Readonly<Record<string, QueryOperation>>;
  /** Whether it answers in JSON to clients that accept that, as aws-iam-authenticator's verifier does. */
  readonly json?: true;
}

/** JSON has times in seconds since the epoch. */
const seconds = (time: unknown): number => Date.parse(String(time)) / 1000;

const READER: Reader<QueryParameters> = {
  member: (parent, name, _, shape, item) => {
    if (shape?.type === 'structure') return parent.structure(name);
    if (shape?.type !== 'list') return parent.text(name);
    const items = item?.type === 'structure' ? parent.structures(name) : parent.texts(name);
    // `Tags=` means an empty list.
    return items ?? (parent.text(name) === '' ? [] : undefined);
  },
  items: (value) => value as readonly unknown[],
};

/**
 * Returns a service with AWS's query protocol. Throws `InvalidAction` for an unknown operation or version, `MissingAction`, or
 * `ValidationError` for input that violates the API model (all 400).
 */
export function queryService(context: ServiceContext, api: QueryApi): Service {
  const operations = new Map(Object.entries(api.operations));
  const xml = (status: number, element: string, content: XmlStructure, requestId: string): ServiceResponse => ({
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: `<${element} xmlns="${api.namespace}">${renderXml(content)}</${element}>`,
  });
  const json = (status: number, content: object, requestId: string): ServiceResponse => ({
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId },
    body: JSON.stringify(content, (name, value: unknown) => (name === 'Expiration' ? seconds(value) : value)),
  });
  const wantsJson = ({ headers }: Pick<ServiceRequest, 'headers'>): boolean =>
    api.json === true && /^application\/json\b/.test(headers['accept'] ?? '');
  return {
    name: api.name,
    async handle(request) {
      const parameters = QueryParameters.of(request);
      const action = parameters.text('Action');
      if (action === undefined || action === '') {
        throw new AwsError('MissingAction', 400, 'The request is missing the parameter Action.');
      }
      const version = parameters.text('Version') ?? 'NO_VERSION_SPECIFIED';
      const operation = operations.get(action);
      if (operation === undefined || version !== api.version) {
        throw new AwsError('InvalidAction', 400, `Could not find operation ${action} for version ${version}`);
      }
      context.trace(request).operation = action;
      const violations = violationsOf(api.name, action, parameters, READER);
      if (violations.length > 0) throw new AwsError('ValidationError', 400, validationText(violations));
      const result = await operation(request, parameters);
      const body = { ...(result && { [`${action}Result`]: result }), ResponseMetadata: { RequestId: request.id } };
      return wantsJson(request)
        ? json(200, { [`${action}Response`]: body }, request.id)
        : xml(200, `${action}Response`, body, request.id);
    },
    renderError: ({ code, status, message }, request) => {
      const { id } = request;
      const error = { Type: status >= 500 ? 'Receiver' : 'Sender', Code: code, Message: message };
      const content = { Error: error, RequestId: id };
      return wantsJson(request) ? json(status, content, id) : xml(status, 'ErrorResponse', content, id);
    },
  };
}
