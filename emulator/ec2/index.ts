export { ec2Service } from './service.ts';
export { subnetsOf } from './subnets.ts';
export type { Subnet } from './subnets.ts';
