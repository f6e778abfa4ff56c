import { AwsError } from '../../../emulator/core/errors.ts';
import type { Service, ServiceRequest, ServiceResponse } from '../../../emulator/core/service.ts';

/** A request of nobody, as a service gets it of the server. */
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

/** What a service answers, errors included. */
export async function answerTo(service: Service, request: ServiceRequest): Promise<ServiceResponse> {
  try {
    return await service.handle(request);
  } catch (error) {
    if (error instanceof AwsError) return service.renderError(error, request);
    throw error;
  }
}
