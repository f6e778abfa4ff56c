import type { ServiceContext } from '../world/context.ts';
import { AwsError } from '../core/errors.ts';
import type { Service, ServiceResponse } from '../core/service.ts';
import { QueryParameters } from '../query/parameters.ts';
import { EC2_FORM, renderXml, type XmlStructure } from '../query/xml.ts';
import { describeSubnets } from './describe-subnets.ts';

const VERSION = '2016-11-15';

/** Amazon EC2, API version 2016-11-15, with DescribeSubnets only. Its lists, answers and errors differ from IAM's. */
export function ec2Service(context: ServiceContext): Service {
  return {
    name: 'ec2',
    async handle(request) {
      const parameters = QueryParameters.of(request);
      const action = parameters.text('Action') ?? '';
      if (action === '') throw new AwsError('MissingAction', 400, 'The request must contain the parameter Action');
      if (action !== 'DescribeSubnets' || parameters.text('Version') !== VERSION) {
        throw new AwsError('InvalidAction', 400, `The action ${action} is not valid for this web service.`);
      }
      context.trace(request).operation = action;
      const result: XmlStructure = { requestId: request.id, ...describeSubnets(context, request, parameters) };
      return xml(
        200,
        `<DescribeSubnetsResponse xmlns="http://ec2.amazonaws.com/doc/${VERSION}/">${renderXml(result, EC2_FORM)}</DescribeSubnetsResponse>`,
        request.id,
      );
    },
    renderError: ({ status, code, message }, { id }) => {
      const body: XmlStructure = { Errors: { Error: { Code: code, Message: message } }, RequestID: id };
      return xml(status, `<Response>${renderXml(body)}</Response>`, id);
    },
  };
}

function xml(status: number, body: string, requestId: string): ServiceResponse {
  const headers = { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': requestId };
  return { status, headers, body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}` };
}
