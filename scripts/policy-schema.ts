import * as z from 'zod';
import { OPERATORS } from '../identity/policy/conditions/operators.ts';

const oneOrMore = <Schema extends z.ZodType>(schema: Schema) => z.union([schema, z.array(schema).min(1)]);
const text = z.string().min(1);
const principal = z.union([
  z.literal('*'),
  z.strictObject({
    AWS: oneOrMore(text).optional(),
    Service: oneOrMore(text).optional(),
    Federated: oneOrMore(text).optional(),
    CanonicalUser: oneOrMore(text).optional(),
  }),
]);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const operator = new RegExp(`^(Null|((ForAllValues|ForAnyValue):)?(${[...OPERATORS.keys()].join('|')})(IfExists)?)$`);
const condition = z.record(z.string().regex(operator), z.record(text, oneOrMore(scalar)));

const statement = z.strictObject({
  Sid: z.string().optional(),
  Effect: z.enum(['Allow', 'Deny']),
  Principal: principal.optional(),
  NotPrincipal: principal.optional(),
  Action: oneOrMore(text).optional(),
  NotAction: oneOrMore(text).optional(),
  Resource: oneOrMore(text).optional(),
  NotResource: oneOrMore(text).optional(),
  Condition: condition.optional(),
});

/** Schema for editors. It leaves it to IAM which elements each kind of policy requires. */
export const policySchema = z
  .strictObject({
    Version: z.enum(['2012-10-17', '2008-10-17']).optional(),
    Id: z.string().optional(),
    Statement: oneOrMore(statement),
  })
  .describe('A JSON policy of IAM (IAM User Guide, "IAM JSON policy element reference").');
