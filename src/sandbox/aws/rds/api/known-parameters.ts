/** The server's parameters as versions 15 and 18 list them, and what a parameter group may say of each. */

/** Take effect at the next restart. */
const STATIC = words(`
  autovacuum_freeze_max_age autovacuum_multixact_freeze_max_age autovacuum_worker_slots commit_timestamp_buffers
  huge_page_size huge_pages io_max_combine_limit io_max_concurrency max_active_replication_origins max_connections
  max_files_per_process max_locks_per_transaction max_logical_replication_workers max_notify_queue_pages
  max_pred_locks_per_transaction max_prepared_transactions max_replication_slots max_wal_senders
  max_worker_processes min_dynamic_shared_memory multixact_member_buffers multixact_offset_buffers notify_buffers
  old_snapshot_threshold reserved_connections serializable_buffers shared_buffers shared_preload_libraries
  subtransaction_buffers superuser_reserved_connections track_activity_query_size track_commit_timestamp
  transaction_buffers wal_buffers wal_decode_buffer_size
  cron.database_name cron.host cron.max_running_jobs cron.use_background_workers pg_stat_statements.max
  rds.custom_dns_resolution rds.logical_replication
`);

/** Take effect at once. */
const DYNAMIC = words(`
  DateStyle IntervalStyle TimeZone archive_timeout array_nulls authentication_timeout autovacuum
  autovacuum_analyze_scale_factor autovacuum_analyze_threshold autovacuum_max_workers autovacuum_naptime
  autovacuum_vacuum_cost_delay autovacuum_vacuum_cost_limit autovacuum_vacuum_insert_scale_factor
  autovacuum_vacuum_insert_threshold autovacuum_vacuum_max_threshold autovacuum_vacuum_scale_factor
  autovacuum_vacuum_threshold autovacuum_work_mem backend_flush_after backslash_quote bgwriter_delay
  bgwriter_flush_after bgwriter_lru_maxpages bgwriter_lru_multiplier bytea_output check_function_bodies
  checkpoint_completion_target checkpoint_flush_after checkpoint_timeout checkpoint_warning
  client_connection_check_interval client_encoding client_min_messages commit_delay commit_siblings compute_query_id
  constraint_exclusion cpu_index_tuple_cost cpu_operator_cost cpu_tuple_cost createrole_self_grant
  cursor_tuple_fraction db_user_namespace deadlock_timeout debug_pretty_print debug_print_parse debug_print_plan
  debug_print_rewritten default_statistics_target default_table_access_method default_tablespace
  default_text_search_config default_toast_compression default_transaction_deferrable default_transaction_isolation
  default_transaction_read_only effective_cache_size effective_io_concurrency enable_async_append enable_bitmapscan
  enable_distinct_reordering enable_gathermerge enable_group_by_reordering enable_hashagg enable_hashjoin
  enable_incremental_sort enable_indexonlyscan enable_indexscan enable_material enable_memoize enable_mergejoin
  enable_nestloop enable_parallel_append enable_parallel_hash enable_partition_pruning
  enable_partitionwise_aggregate enable_partitionwise_join enable_presorted_aggregate enable_self_join_elimination
  enable_seqscan enable_sort enable_tidscan escape_string_warning event_triggers exit_on_error extension_destdir
  extra_float_digits file_copy_method file_extend_method from_collapse_limit geqo geqo_effort geqo_generations
  geqo_pool_size geqo_seed geqo_selection_bias geqo_threshold gin_fuzzy_search_limit gin_pending_list_limit
  gss_accept_delegation hash_mem_multiplier hot_standby_feedback icu_validation_level
  idle_in_transaction_session_timeout idle_replication_slot_timeout idle_session_timeout io_combine_limit io_workers
  jit jit_above_cost jit_inline_above_cost jit_optimize_above_cost join_collapse_limit krb_caseins_users lc_monetary
  lc_numeric lc_time lo_compat_privileges lock_timeout log_autovacuum_min_duration log_checkpoints log_connections
  log_destination log_disconnections log_duration log_error_verbosity log_executor_stats log_file_mode log_filename
  log_hostname log_line_prefix log_lock_failures log_lock_waits log_min_duration_sample log_min_duration_statement
  log_min_error_statement log_min_messages log_parameter_max_length log_parameter_max_length_on_error
  log_parser_stats log_planner_stats log_recovery_conflict_waits log_replication_commands log_rotation_age
  log_rotation_size log_startup_progress_interval log_statement log_statement_sample_rate log_statement_stats
  log_temp_files log_timezone log_transaction_sample_rate log_truncate_on_rotation logical_decoding_work_mem
  maintenance_io_concurrency maintenance_work_mem max_parallel_apply_workers_per_subscription
  max_parallel_maintenance_workers max_parallel_workers max_parallel_workers_per_gather max_pred_locks_per_page
  max_pred_locks_per_relation max_slot_wal_keep_size max_stack_depth max_standby_archive_delay
  max_standby_streaming_delay max_sync_workers_per_subscription max_wal_size md5_password_warnings
  min_parallel_index_scan_size min_parallel_table_scan_size min_wal_size oauth_validator_libraries
  parallel_leader_participation parallel_setup_cost parallel_tuple_cost password_encryption plan_cache_mode
  quote_all_identifiers random_page_cost recovery_min_apply_delay recursive_worktable_factor row_security
  scram_iterations search_path seq_page_cost session_preload_libraries session_replication_role ssl_ciphers
  ssl_ecdh_curve ssl_groups ssl_max_protocol_version ssl_min_protocol_version ssl_prefer_server_ciphers
  ssl_tls13_ciphers standard_conforming_strings statement_timeout stats_fetch_consistency synchronize_seqscans
  synchronized_standby_slots synchronous_commit synchronous_standby_names tcp_keepalives_count tcp_keepalives_idle
  tcp_keepalives_interval tcp_user_timeout temp_buffers temp_file_limit temp_tablespaces timezone_abbreviations
  track_activities track_cost_delay_timing track_counts track_functions track_io_timing track_wal_io_timing
  transaction_timeout transform_null_equals vacuum_buffer_usage_limit vacuum_cost_delay vacuum_cost_limit
  vacuum_cost_page_dirty vacuum_cost_page_hit vacuum_cost_page_miss vacuum_defer_cleanup_age vacuum_failsafe_age
  vacuum_freeze_min_age vacuum_freeze_table_age vacuum_max_eager_freeze_failure_rate vacuum_multixact_failsafe_age
  vacuum_multixact_freeze_min_age vacuum_multixact_freeze_table_age vacuum_truncate wal_compression wal_keep_size
  wal_receiver_create_temp_slot wal_receiver_status_interval wal_receiver_timeout wal_retrieve_retry_interval
  wal_sender_timeout wal_skip_threshold wal_summary_keep_time wal_writer_delay wal_writer_flush_after work_mem
  xmlbinary xmloption
  auto_explain.log_analyze auto_explain.log_min_duration cron.launch_active_jobs cron.log_min_messages
  cron.log_run cron.log_statement cron.timezone pg_stat_statements.save pg_stat_statements.track
  pg_stat_statements.track_utility rds.force_ssl rds.force_autovacuum_logging_level rds.log_retention_period
  rds.restrict_password_commands
`);

/** The provider's own: shown to nobody, changed by nobody. */
const FIXED = words(`
  allow_alter_system archive_cleanup_command archive_command archive_library archive_mode bonjour bonjour_name
  cluster_name data_directory data_sync_retry dynamic_library_path dynamic_shared_memory_type event_source
  extension_control_path external_pid_file fsync full_page_writes hba_file hot_standby ident_file io_method
  jit_provider krb_server_keyfile lc_messages listen_addresses local_preload_libraries log_directory
  logging_collector port primary_conninfo primary_slot_name promote_trigger_file recovery_end_command
  recovery_init_sync_method recovery_prefetch recovery_target recovery_target_action recovery_target_inclusive
  recovery_target_lsn recovery_target_name recovery_target_time recovery_target_timeline recovery_target_xid
  restart_after_crash restore_command shared_memory_type ssl ssl_ca_file ssl_cert_file ssl_crl_dir ssl_crl_file
  ssl_dh_params_file ssl_key_file ssl_passphrase_command ssl_passphrase_command_supports_reload summarize_wal
  sync_replication_slots syslog_facility syslog_ident syslog_sequence_numbers syslog_split_messages
  unix_socket_directories unix_socket_group unix_socket_permissions update_process_title wal_init_zero wal_level
  wal_log_hints wal_recycle wal_sync_method
`);

/** `fixed` ones are refused; undefined is no parameter at all. */
export function applyTypeOf(name: string): 'static' | 'dynamic' | 'fixed' | undefined {
  if (STATIC.has(name)) return 'static';
  if (DYNAMIC.has(name)) return 'dynamic';
  return FIXED.has(name) ? 'fixed' : undefined;
}

/** Libraries that the packaged servers have; others are kept in the group and told, but not loaded. */
const LOADABLE = new Set(['auto_explain', 'pg_stat_statements']);

/**
 * What the server is started with. Values with a formula (`{DBInstanceClassMemory/9531392}`) are left to its default.
 * Names of extensions that are not there (`cron.*`, `rds.*`) are set all the same: a session can show them.
 */
export function engineParameters(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const told: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value.includes('{')) continue;
    if (name !== 'shared_preload_libraries') {
      told[name] = value;
      continue;
    }
    const libraries = value.split(',').map((library) => library.trim());
    const loaded = libraries.filter((library) => LOADABLE.has(library));
    if (loaded.length > 0) told[name] = loaded.join(',');
  }
  const isLogical = ['1', 'on', 'true'].includes(values['rds.logical_replication'] ?? '');
  return isLogical ? { ...told, wal_level: 'logical' } : told;
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ''));
}
