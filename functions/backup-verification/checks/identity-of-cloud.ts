import * as z from 'zod';
import { groupResource } from '../../velero/archive/archive-path.ts';
import { defineArchiveCheck } from '../contracts.ts';
import { collectNeeds, sawWhole } from '../restorability/absences.ts';
import { platformOf } from '../restorability/baseline.ts';
import { annotationsOf, refOf, textAt } from '../restorability/fields.ts';

const roleAnnotation = 'eks.amazonaws.com/role-arn';

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

export default defineArchiveCheck({
  id: 'identity-of-cloud',
  title: 'ServiceAccounts whose AWS roles trust another cluster',
  why: 'In a new cluster their pods get no credentials of AWS: the roles trust the OIDC provider of the cluster that was backed up.',
  upstream: 'https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html',
  level: 'restorability',
  reads: {},
  options: z.strictObject({}),
  start(opened, pass) {
    const accounts = collectNeeds();
    const roles = new Set<string>();
    return {
      see(object) {
        if (groupResource(object) !== 'serviceaccounts') return;
        const role = textAt(annotationsOf(object), roleAnnotation);
        if (!role) return;
        roles.add(role);
        accounts.add({ name: 'irsa', by: refOf(object), how: roleAnnotation, effect: 'degraded', worked: true, isControlled: false });
      },
      finish(end) {
        if (!sawWhole(end, opened, pass)) return;
        const [all] = accounts.all();
        if (!all) return;
        const association =
          platformOf(opened) === 'eks'
            ? '; what uses EKS Pod Identity has associations that are in no backup: aws eks list-pod-identity-associations'
            : '';
        pass.emit({
          object: pass.about(opened.backup),
          backup: opened.backup.name,
          subject: 'irsa',
          // True of every backup that holds such accounts, and harmless in the same cluster.
          severity: 'info',
          message: `${counted(all.count, 'ServiceAccount')} ${all.count === 1 ? 'assumes' : 'assume'} ${counted(roles.size, 'IAM role')} by the annotation ${roleAnnotation}: in another cluster than the one that was backed up they get no credentials until the roles trust its OIDC provider`,
          remedy: `before a restore into another cluster add its OIDC provider to the roles’ trust policies${association}`,
          members: all.by.map(({ object }) => object),
          details: { backup: opened.backup.name, serviceAccounts: all.count, roles: roles.size },
        });
      },
    };
  },
});
