import type { ServiceContext } from '../world/context.ts';
import { AwsError } from '../../foundation/aws/aws-error.ts';
import type { Service, ServiceResponse } from '../core/service.ts';
import { QueryParameters } from '../query/parameters.ts';
import { EC2_FORM, renderXml, type XmlStructure } from '../query/xml.ts';
import type { Ec2Operation } from './describe.ts';
import { describeInstances, modifyInstanceMetadataOptions } from './instances.ts';
import { describeSubnets } from './subnets.ts';
import { createVpcEndpoint, deleteVpcEndpoints, describeVpcEndpoints, modifyVpcEndpoint } from './vpc-endpoints.ts';

const VERSION = '2016-11-15';

const OPERATIONS: ReadonlyMap<string, Ec2Operation> = new Map([
  ['DescribeSubnets', describeSubnets],
  ['DescribeInstances', describeInstances],
  ['ModifyInstanceMetadataOptions', modifyInstanceMetadataOptions],
  ['CreateVpcEndpoint', createVpcEndpoint],
  ['DescribeVpcEndpoints', describeVpcEndpoints],
  ['ModifyVpcEndpoint', modifyVpcEndpoint],
  ['DeleteVpcEndpoints', deleteVpcEndpoints],
]);

/** Returns Amazon EC2, API version 2016-11-15, as far as clusters need it. Its lists, answers and errors differ from IAM's. */
export function ec2Service(context: ServiceContext): Service {
  return {
    name: 'ec2',
    async handle(request) {
      const parameters = QueryParameters.of(request);
      const action = parameters.text('Action') ?? '';
      if (action === '') throw new AwsError('MissingAction', 400, 'The request must contain the parameter Action');
      const operation = OPERATIONS.get(action);
      if (operation === undefined || parameters.text('Version') !== VERSION) {
        throw new AwsError('InvalidAction', 400, `The action ${action} is not valid for this web service.`);
      }
      context.trace(request).operation = action;
      const { world } = context;
      const account = world.account(request.caller?.accountId ?? '');
      if (account === undefined) throw new AwsError('AuthFailure', 401, 'The request must be signed.');
      const result = operation({ context, world, request, account, parameters });
      const content = renderXml({ requestId: request.id, ...result }, EC2_FORM);
      return xml(
        200,
        `<${action}Response xmlns="http://ec2.amazonaws.com/doc/${VERSION}/">${content}</${action}Response>`,
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
