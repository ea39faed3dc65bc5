/** How every session begins, and what it is asked about itself. */
const SESSION = [
  'read  | current_database current_setting pg_backend_pid pg_has_role pg_is_in_recovery',
  'read  | set_config',
  'read  | set_config version',
];

/** Who we are and who else is connected, within a transaction that only reads. */
const LOGIN = [
  'BEGIN READ ONLY',
  'ROLLBACK',
  'read  | ',
  'read  | set_config',
  'read pg_class | count',
  'read pg_database pg_db_role_setting pg_settings | current_database current_setting pg_backend_pid pg_is_in_recovery unnest',
  'read pg_database pg_roles pg_stat_activity | clock_timestamp count jsonb_agg max pg_backend_pid to_jsonb',
  'read pg_roles pg_settings | current_database current_setting pg_has_role',
];

const LOCKS = ['read pg_database pg_locks pg_stat_activity | clock_timestamp current_database pg_backend_pid'];
const OWNERS = [
  'read pg_class pg_database pg_namespace pg_roles | count current_database has_schema_privilege pg_has_role',
];
const PGSTATTUPLE = [
  'read pg_depend pg_extension pg_namespace pg_proc | format has_function_privilege',
  'read pg_available_extensions pg_depend pg_extension pg_namespace pg_proc | format has_function_privilege has_schema_privilege',
];

const UPKEEP = [
  ...LOCKS,
  ...OWNERS,
  'read pg_stat_database | current_database current_setting now',
  'read pg_class pg_locks pg_namespace | age current_setting format jsonb_object_agg mxid_age pg_options_to_table pg_relation_size pg_stat_get_* to_jsonb',
  'read pg_prepared_xacts pg_replication_slots pg_stat_activity pg_stat_progress_vacuum pg_stat_replication | age clock_timestamp current_database host pg_backend_pid',
];

/** Every shape that a statement of a task may have. What is not here is either new, and belongs here, or not ours. */
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  'postgres-check-connection': [],
  'postgres-check-wraparound': [
    'read pg_database | clock_timestamp current_database current_setting mxid_age pg_current_snapshot pg_snapshot_xmax',
    'read pg_database | age current_setting mxid_age',
    'read pg_class pg_namespace pg_stat_progress_vacuum | age count format min mxid_age',
    'read pg_prepared_xacts pg_replication_slots pg_stat_activity pg_stat_progress_vacuum pg_stat_replication | age clock_timestamp host pg_backend_pid',
    'read pg_stat_activity | count',
  ],
  'postgres-check-slow-queries': [
    'read pg_attribute pg_class pg_database pg_db_role_setting pg_extension pg_namespace pg_roles pg_settings | current_database current_setting jsonb_agg quote_ident',
    'read pg_database pg_stat_statements_info | clock_timestamp current_database',
    'read pg_database | current_database pg_stat_statements',
    'read pg_database pg_roles pg_stat_statements | bool_and current_database left min',
    'read pg_stat_activity | clock_timestamp current_database left make_interval pg_backend_pid',
    'read pg_stat_activity | count current_database',
    'read pg_available_extensions pg_class pg_extension pg_proc | has_function_privilege has_schema_privilege has_table_privilege jsonb_agg',
  ],
  'postgres-vacuum': [...UPKEEP, ...PGSTATTUPLE, 'VACUUM ( PARALLEL ? ) §'],
  'postgres-analyze': [...UPKEEP, 'ANALYZE §'],
  'postgres-reindex': [
    ...LOCKS,
    ...OWNERS,
    ...PGSTATTUPLE,
    'read pg_am pg_attribute pg_class pg_database pg_depend pg_index pg_locks pg_namespace pg_type | current_database current_setting format pg_backend_pid pg_get_indexdef pg_get_userbyid pg_has_role pg_options_to_table pg_relation_size',
    'read pg_amproc pg_attribute pg_class pg_collation pg_index pg_namespace pg_opclass pg_stats | ',
    'read pg_am pg_class pg_index pg_namespace | count current_database has_database_privilege has_table_privilege pg_has_role',
    'read  | current_database pg_database_size',
    'read  | pgstatindex',
    // The same index over a sample of the table, in a transaction that is rolled back.
    'BEGIN',
    'SET LOCAL row_security = off',
    'SET LOCAL max_parallel_maintenance_workers = ?',
    'CREATE TEMPORARY TABLE fettle_sample ON COMMIT DROP AS SELECT § FROM ONLY § TABLESAMPLE SYSTEM ( ? )',
    'CREATE INDEX ON § USING …',
    'read fettle_sample pg_index | count pg_relation_size',
    'ROLLBACK',
    // The note of the rebuild, the rebuild, its guard, and the end of the note.
    'read pg_database | current_database pg_backend_pid',
    'read pg_database pg_description pg_largeobject_metadata pg_roles | current_database starts_with',
    'read pg_locks pg_prepared_xacts pg_stat_activity | age clock_timestamp current_database make_interval pg_backend_pid',
    'DO LANGUAGE plpgsql ?',
    'REINDEX INDEX CONCURRENTLY §',
    'read pg_stat_activity | pg_backend_pid',
    'read pg_stat_activity | clock_timestamp make_interval',
    'read pg_locks pg_stat_activity | clock_timestamp pg_blocking_pids',
    'read  | lo_unlink',
  ],
};

/** The shapes that no statement of this task may have. */
export function undeclared(task: string, shapes: readonly string[]): string[] {
  const declared = new Set([...SESSION, ...LOGIN, ...(SHAPES[task] ?? [])]);
  return shapes.filter((shape) => !declared.has(shape));
}
