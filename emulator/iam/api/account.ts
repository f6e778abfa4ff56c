import { timestamp } from '../../query/xml.ts';
import type { IamOperation } from './call.ts';
import { noSuchEntity, validationError } from './errors.ts';

/** Operations about the account itself. */
export const account = {
  GetUser: ({ account: { id }, parameters, request: { caller }, demand }) => {
    const name = parameters.text('UserName');
    if (name !== undefined) {
      demand('iam:GetUser', `arn:aws:iam::${id}:user/${name}`);
      throw noSuchEntity(`The user with name ${name} cannot be found.`);
    }
    if (caller?.kind !== 'root') {
      throw validationError('Must specify userName when calling with non-User credentials');
    }
    return { User: { UserId: caller.userId, Arn: caller.arn, CreateDate: timestamp(0) } };
  },

  ListAccountAliases: ({ demand }) => {
    demand('iam:ListAccountAliases', '*');
    return { AccountAliases: [], IsTruncated: false };
  },
} satisfies Record<string, IamOperation>;
