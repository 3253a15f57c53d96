//! Tests that call the library: they read, check and simulate scenarios. None needs a Python interpreter.

mod common;

mod against_rand_distr;
mod asyncio;
mod byte_streams;
mod channels;
mod cold_caches;
mod conservation;
mod death;
mod distributions;
mod draws;
mod free_threading;
mod interpreter_lock;
mod interpreter_pool;
mod lock_stress;
mod measured_lock;
mod memory;
mod placement;
mod pool;
mod profile_errors;
mod published_tables;
mod queueing;
mod scale;
mod scenario_errors;
mod scenario_fuzzing;
mod scenario_reading;
mod scenario_schema;
mod scheduler;
mod scheduler_against_linux;
mod shared_state;
mod start_methods;
mod thread_pool;
mod ticker_lock;
