/** What nightshift.yaml says of the cleanup, beyond its schema: guards, what may be applied unasked, and rules of one's own. */
import { alwaysProtected } from '../functions/actions/guards/settings.ts';
import { userRuleMistakes } from '../functions/cleanup/user-rules/mistakes.ts';
import type { ClusterConfiguration, Configuration, GuardOptions, OperationOptions } from '../functions/runtime/configuration.ts';
import type { ConfigurationPath, Mistake } from '../functions/runtime/configuration-error.ts';
import { layOptions } from '../functions/runtime/lay-options.ts';
import type { Operation } from '../functions/runtime/operation.ts';
import { isPicked } from '../functions/runtime/select-clusters.ts';
import { cronMistakes } from './cron.ts';
import { timeZoneMistake } from './time-zone.ts';

type Rules = Operation['checks'];

/** Every mistake, with its path. @param builtIn the rules that the cleanup has */
export function cleanupMistakes(configuration: Pick<Configuration, 'clusters' | 'options' | 'schedules'>, builtIn: Rules): Mistake[] {
  const { cleanup: forAll } = configuration.options;
  return [
    ...ofOptions(forAll, ['options', 'cleanup'], builtIn),
    ...(forAll?.apply
      ? [
          {
            path: ['options', 'cleanup', 'apply'],
            message: 'what a schedule may apply is said of each cluster alone; move it to clusters.NAME.options.cleanup.apply',
          },
        ]
      : []),
    ...Object.entries(configuration.clusters).flatMap(([name, cluster]) => [
      ...ofOptions(cluster.options?.cleanup, ['clusters', name, 'options', 'cleanup'], builtIn, forAll?.rules),
      ...ofApply(cluster, ['clusters', name], builtIn, layOptions(configuration, name, 'cleanup')),
    ]),
    ...ofSchedules(configuration),
  ];
}

function ofOptions(
  options: OperationOptions | undefined,
  path: ConfigurationPath,
  builtIn: Rules,
  others?: OperationOptions['rules'],
): Mistake[] {
  const taken = builtIn.map(({ id }) => id);
  return [
    ...ofGuards(options?.guards ?? {}, [...path, 'guards']),
    ...userRuleMistakes(options?.rules ?? [], [...path, 'rules'], taken, others),
  ];
}

function ofGuards({ windows = [], unprotectedNamespaces = [] }: GuardOptions, path: ConfigurationPath): Mistake[] {
  return [
    ...windows.flatMap(({ cron, timeZone }, index): Mistake[] => {
      const at = [...path, 'windows', index];
      const zone = timeZone === undefined ? undefined : timeZoneMistake(timeZone);
      return [
        ...cronMistakes(cron).map((mistake) => ({ path: [...at, 'cron'], message: `"${cron}": ${mistake}` })),
        ...(zone === undefined ? [] : [{ path: [...at, 'timeZone'], message: zone }]),
      ];
    }),
    ...unprotectedNamespaces.flatMap((name, index): Mistake[] =>
      alwaysProtected.includes(name)
        ? []
        : [
            {
              path: [...path, 'unprotectedNamespaces', index],
              message: `"${name}" is not protected but by protectedNamespaces; allowed: ${alwaysProtected.join(', ')}`,
            },
          ],
    ),
  ];
}

function ofApply(
  { write, options }: Pick<ClusterConfiguration, 'write' | 'options'>,
  path: ConfigurationPath,
  builtIn: Rules,
  { rules: own = [], checks }: OperationOptions,
): Mistake[] {
  const apply = options?.cleanup?.apply;
  if (!apply) return [];
  const at = [...path, 'options', 'cleanup', 'apply'];
  const ownIds = new Set(own.map(({ id }) => id));
  const reporting = [...builtIn.filter((rule) => !acts(rule)), ...own.filter(({ action }) => action === 'report')].map(({ id }) => id);
  const acting = [...builtIn.filter(acts).map(({ id }) => id), ...[...ownIds].filter((id) => !reporting.includes(id))];
  const off = checks?.off ?? [];
  const allowed = `allowed: ${acting.join(', ') || 'none, as no rule acts'}`;
  return [
    ...(write ? [] : [{ path: at, message: 'nothing says how the cluster is written to; give it write, or leave apply out' }]),
    ...apply.rules.flatMap((id, index): Mistake[] => {
      const why = reporting.includes(id)
        ? 'only reports'
        : !acting.includes(id)
          ? 'is no rule'
          : off.includes(id)
            ? 'is turned off'
            : undefined;
      return why === undefined ? [] : [{ path: [...at, 'rules', index], message: `"${id}" ${why}; ${allowed}` }];
    }),
  ];
}

const acts = (rule: Rules[number]): boolean => 'does' in rule && (rule.does === 'delete' || rule.does === 'patch');

/** A schedule that is to apply at once what is permitted, where nothing is: it would only ever plan, and nobody would know. */
function ofSchedules(configuration: Pick<Configuration, 'clusters' | 'schedules'>): Mistake[] {
  return configuration.schedules.flatMap(({ operation, clusters, with: own }, index): Mistake[] => {
    if (operation !== 'cleanup' || own?.applyPermitted !== true) return [];
    return clusters.flatMap((pattern, at): Mistake[] => {
      const picked = Object.keys(configuration.clusters).filter((name) => isPicked(configuration, [pattern], name));
      const permits = picked.some((name) => configuration.clusters[name]?.options?.cleanup?.apply !== undefined);
      if (permits || picked.length === 0) return [];
      const which =
        picked.length === 1 && picked[0] === pattern
          ? `the cluster ${pattern} permits nothing`
          : `"${pattern}" picks no cluster that permits anything`;
      return [
        {
          path: ['schedules', index, 'clusters', at],
          message: `${which} to be applied; give a cluster options.cleanup.apply, or leave applyPermitted out`,
        },
      ];
    });
  });
}
