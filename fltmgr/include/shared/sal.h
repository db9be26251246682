/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Microsoft's source annotations as empty macros, so that a driver written for the WDK compiles as it stands.
 * Only the underscore forms of current kits; the old __in family clashes with libraries and is left out.
 */
#ifndef FILTERPORT_SAL_H
#define FILTERPORT_SAL_H

#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_count_(n)
#define _In_reads_(n)
#define _In_reads_opt_(n)
#define _In_reads_bytes_(n)
#define _In_reads_bytes_opt_(n)
#define _In_range_(low, high)
#define _Inout_
#define _Inout_opt_
#define _Inout_updates_(n)
#define _Inout_updates_bytes_(n)
#define _Inout_updates_bytes_opt_(n)
#define _Out_
#define _Out_opt_
#define _Out_writes_(n)
#define _Out_writes_opt_(n)
#define _Out_writes_to_(n, m)
#define _Out_writes_bytes_(n)
#define _Out_writes_bytes_opt_(n)
#define _Out_writes_bytes_to_(n, m)
#define _Out_writes_bytes_to_opt_(n, m)
#define _Out_range_(low, high)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_result_maybenull_
#define _Outptr_result_bytebuffer_(n)
#define _Outptr_opt_result_bytebuffer_(n)
#define _Deref_out_range_(low, high)
#define _Reserved_
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Post_maybenull_
#define _Post_notnull_
#define _Post_writable_byte_size_(n)
#define _Null_terminated_
#define _Field_size_(n)
#define _Field_size_bytes_(n)
#define _Field_size_bytes_part_(n, m)
#define _Field_size_part_(n, m)
#define _Struct_size_bytes_(n)
#define _Notnull_
#define _Maybenull_
#define _Must_inspect_result_
#define _Check_return_
#define _Use_decl_annotations_
#define _Success_(e)
#define _Return_type_success_(e)
#define _When_(e, a)
#define _At_(e, a)
#define _Always_(a)
#define _On_failure_(a)
#define _Pre_notnull_
#define _Pre_maybenull_
#define _Pre_satisfies_(e)
#define _Analysis_assume_(e)
#define _Analysis_noreturn_
#define _Const_
#define _Printf_format_string_
#define _Function_class_(f)
#define _Flt_CompletionContext_Outptr_
#define _Flt_ConnectionCookie_Outptr_
#define _Unreferenced_parameter_

#define _IRQL_requires_(l)
#define _IRQL_requires_max_(l)
#define _IRQL_requires_min_(l)
#define _IRQL_requires_same_
#define _IRQL_raises_(l)
#define _IRQL_saves_
#define _IRQL_restores_
#define _IRQL_saves_global_(k, p)
#define _IRQL_restores_global_(k, p)
#define _Kernel_clear_do_init_(y)
#define _Dispatch_type_(t)
#define _Acquires_lock_(l)
#define _Releases_lock_(l)
#define _Requires_lock_held_(l)
#define _Requires_lock_not_held_(l)
#define _Acquires_exclusive_lock_(l)
#define _Acquires_shared_lock_(l)
#define _Releases_exclusive_lock_(l)
#define _Releases_shared_lock_(l)
#define _Guarded_by_(l)
#define _Interlocked_operand_
#define __drv_allocatesMem(k)
#define __drv_freesMem(k)
#define __drv_aliasesMem
#define __drv_reportError(s)
#define __drv_maxIRQL(l)

#endif
