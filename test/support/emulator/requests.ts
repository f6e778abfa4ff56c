import { AwsError } from '../../../foundation/aws/aws-error.ts';
import type { Service, ServiceRequest, ServiceResponse } from '../../../emulator/core/service.ts';

/** Returns an anonymous request, as the server passes it to a service. */
export const aRequest = (more: Partial<ServiceRequest> & Pick<ServiceRequest, 'id' | 'time'>): ServiceRequest => ({
  method: 'GET',
  path: '/',
  query: '',
  headers: {},
  body: Buffer.alloc(0),
  caller: undefined,
  sourceIp: '127.0.0.1',
  applicationId: undefined,
  presigned: false,
  ...more,
});

/** Returns the response of a service, including errors. */
export async function answerTo(service: Service, request: ServiceRequest): Promise<ServiceResponse> {
  try {
    return await service.handle(request);
  } catch (error) {
    if (error instanceof AwsError) return service.renderError(error, request);
    throw error;
  }
}
