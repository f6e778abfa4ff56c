/** AssumeRoleWithWebIdentity by the harness. */
import { opt, text, texts } from '../scenario/form.ts';
import { change, seconds } from './forms.ts';
import { AssumeRoleWithWebIdentityCommand } from '@aws-sdk/client-sts';
import { requestOf } from '../../components/probe/service-error.ts';
import { changeToken } from '../../components/probe/tokens.ts';
import type { TokenChange } from '../../foundation/protocols/probe-protocol.ts';
import { credentialsOf } from '../../aws/credentials.ts';
import { permissionPolicy, type PermissionPolicy } from '../scenario/policy.ts';
import { heldSession, WEB_SESSION_NAME } from '../world/sessions.ts';
import { present } from './eks.ts';
import { defineHarnessOperation } from '../scenario/operation-registry.ts';
import { attempt, sessionFacts } from './session-answer.ts';

interface Options {
  /** A text to send instead of the token. */
  readonly text?: string;
  readonly change?: TokenChange;
  /** A text to send instead of the role's ARN. */
  readonly roleArn?: string;
  readonly sessionName?: string;
  readonly durationSeconds?: number;
  readonly policy?: PermissionPolicy;
  readonly policyArns?: readonly string[];
}

/** Opens a session with one of the scenario's `tokens`, and keeps it for `asSession({ role, token }, …)`. */
export const assumeByToken = defineHarnessOperation(
  'AssumeRoleByToken',
  (role: string, token: string, options: Options = {}) => ({ role, token, ...options }),
  {
    form: {
      role: text,
      token: text,
      text: opt(text),
      change,
      roleArn: opt(text),
      sessionName: opt(text),
      durationSeconds: seconds,
      policy: opt(permissionPolicy),
      policyArns: opt(texts),
    },
    asScenario: true,
    refersTo: ({ role, token }) => ({ roles: [role], tokens: [token] }),
    needs: () => ['irsa'],
    describe: ({ role, token, text, change, roleArn, durationSeconds, policy, policyArns }, say) => [
      say.text(roleArn ?? `<role:${role}>`),
      text === undefined ? `with the token ${token}` : 'with a text in the place of a token',
      change === undefined ? '' : `changed: ${change}`,
      durationSeconds === undefined ? '' : `for ${durationSeconds} s`,
      policy === undefined && policyArns === undefined ? '' : 'with a session policy',
    ],
    mayDiffer: ({ outcome }, expectation) => outcome !== expectation.outcome,
    perform: async (context, { role, token, text, change, ...tokenRequest }) => {
      const { names, tokens, environment } = context;
      const {
        sessionName = WEB_SESSION_NAME,
        roleArn = names.roleArn(role),
        policy,
        policyArns,
        durationSeconds,
      } = tokenRequest;
      return attempt('sts', async () => {
        const answer = await environment.aws.clients('main').sts.send(
          new AssumeRoleWithWebIdentityCommand({
            RoleArn: roleArn,
            RoleSessionName: sessionName,
            WebIdentityToken: text ?? (await changeToken(tokens.get(token) ?? '', change)),
            ...(policy && { Policy: names.policyText(policy) }),
            ...(policyArns && { PolicyArns: policyArns.map((arn) => ({ arn })) }),
            ...(durationSeconds !== undefined && { DurationSeconds: durationSeconds }),
          }),
        );
        context.sessions.set(`${role}/${token}`, heldSession(context, credentialsOf(answer)));
        const { SubjectFromWebIdentityToken: subject, Audience: audience, Provider: provider } = answer;
        const facts = { ...sessionFacts(answer), ...present({ subject, audience, provider }) };
        return { outcome: 'granted', facts, ...requestOf(answer.$metadata) };
      });
    },
  },
);
