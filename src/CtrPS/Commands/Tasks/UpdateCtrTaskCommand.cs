using System.Management.Automation;
using CtrPS.Binding;

namespace CtrPS.Commands;

/// <summary>Update-CtrTask: changes limits of tasks while they run, and keeps them in the containers' specs.</summary>
[Cmdlet(VerbsData.Update, "CtrTask", SupportsShouldProcess = true, DefaultParameterSetName = CpusSet)]
[OutputType(typeof(CtrTask))]
public sealed class UpdateCtrTaskCommand : CtrTaskCmdlet
{
    private const string CpusSet = "Cpus";
    private const string QuotaSet = "Quota";

    /// <summary>The period that -Cpus is counted in, as with docker and ctr: 100 ms.</summary>
    private const long UsualPeriod = 100_000;

    /// <summary>Bytes of memory; -1: no limit.</summary>
    [Parameter(HelpMessage = "Limit of memory in bytes, such as 512MB. -1: none.")]
    [BytesTransformation]
    [ValidateRange(-1, long.MaxValue)]
    public long? Memory { get; set; }

    /// <summary>Bytes of memory to keep it at when memory is short; -1: none.</summary>
    [Parameter(HelpMessage = "Bytes of memory to which it is held when memory is short. -1: none.")]
    [BytesTransformation]
    [ValidateRange(-1, long.MaxValue)]
    public long? MemoryReservation { get; set; }

    /// <summary>Bytes of memory and swap together; -1: no limit.</summary>
    [Parameter(HelpMessage = "Limit of memory and swap together in bytes. -1: none.")]
    [BytesTransformation]
    [ValidateRange(-1, long.MaxValue)]
    public long? MemorySwap { get; set; }

    /// <summary>How many CPUs it may use, as in 1.5.</summary>
    [Parameter(ParameterSetName = CpusSet, HelpMessage = "How many CPUs it may use, such as 1.5.")]
    [ValidateRange(0.01, 100000)]
    public double? Cpus { get; set; }

    /// <summary>Weight against others where the CPUs are busy.</summary>
    [Parameter(HelpMessage = "Weight against others where the CPUs are busy. Usual: 1024.")]
    [ValidateRange(2, 262144)]
    public long? CpuShares { get; set; }

    /// <summary>Microseconds of CPU time in a period; -1: no limit.</summary>
    [Parameter(ParameterSetName = QuotaSet, HelpMessage = "Microseconds of CPU time in a period. -1: no limit.")]
    [ValidateRange(-1, long.MaxValue)]
    public long? CpuQuota { get; set; }

    /// <summary>Microseconds of a period.</summary>
    [Parameter(ParameterSetName = QuotaSet, HelpMessage = "Microseconds of a period of -CpuQuota. Usual: 100000.")]
    [ValidateRange(1000, 1000000)]
    public long? CpuPeriod { get; set; }

    /// <summary>The CPUs it may run on.</summary>
    [Parameter(HelpMessage = "The CPUs it may run on, such as 0-3,8.")]
    [ValidatePattern(@"^\d+(-\d+)?(,\d+(-\d+)?)*$")]
    public string? CpusetCpus { get; set; }

    /// <summary>The memory nodes it may use.</summary>
    [Parameter(HelpMessage = "The memory nodes it may use, such as 0,1.")]
    [ValidatePattern(@"^\d+(-\d+)?(,\d+(-\d+)?)*$")]
    public string? CpusetMems { get; set; }

    /// <summary>How many processes and threads; -1: any number.</summary>
    [Parameter(HelpMessage = "How many processes and threads it may have. -1: any number.")]
    [ValidateRange(-1, long.MaxValue)]
    public long? PidsLimit { get; set; }

    /// <summary>Return the tasks.</summary>
    [Parameter(HelpMessage = "Return the tasks.")]
    public SwitchParameter PassThru { get; set; }

    private CtrResources Resources => new()
    {
        Memory = Memory,
        MemoryReservation = MemoryReservation,
        MemorySwap = MemorySwap,
        CpuShares = CpuShares,
        CpuQuota = Cpus is { } cpus ? (long)Math.Round(cpus * UsualPeriod) : CpuQuota,
        CpuPeriod = Cpus is null ? CpuPeriod : UsualPeriod,
        CpusetCpus = CpusetCpus,
        CpusetMems = CpusetMems,
        PidsLimit = PidsLimit,
    };

    /// <inheritdoc/>
    private protected override void OnBegin()
    {
        // The runtime takes 0 for "leave as it is".
        (string Name, long? Value)[] limits =
        [
            (nameof(Memory), Memory), (nameof(MemoryReservation), MemoryReservation), (nameof(MemorySwap), MemorySwap),
            (nameof(CpuQuota), CpuQuota), (nameof(PidsLimit), PidsLimit),
        ];
        OrEnd(() =>
        {
            foreach ((string name, _) in limits.Where(limit => limit.Value == 0))
            {
                throw Invalid($"-{name} cannot be 0. -1 takes the limit away.", name);
            }

            if (Resources == new CtrResources())
            {
                throw Invalid("No limit is given to change.", null);
            }
        });
    }

    /// <inheritdoc/>
    private protected override void OnRecord() => ForEachTask(Change);

    private static CtrException Invalid(string message, string? target) =>
        new(CtrErrorIds.InvalidArgument, CtrStatus.InvalidArgument, message) { Target = target };

    private void Change(FoundContainer found)
    {
        CtrContainer container = found.Container;
        if (container.State == CtrTaskState.Stopped)
        {
            throw WrongState(container, "It was not changed.", "Start the container anew with Start-CtrTask first.");
        }

        if (ShouldProcess(found.Session, TaskWords(container), $"Set {Describe()}"))
        {
            Await(token => found.Connection.Containers.UpdateResourcesAsync(container.Namespace, container.Id, Resources, token));
            if (PassThru)
            {
                WriteTaskNow(found);
            }
        }
    }

    private string Describe() => string.Join(", ", new (string Name, object? Value)[]
    {
        (nameof(Memory), Memory), (nameof(MemoryReservation), MemoryReservation), (nameof(MemorySwap), MemorySwap),
        (nameof(Cpus), Cpus), (nameof(CpuShares), CpuShares), (nameof(CpuQuota), CpuQuota), (nameof(CpuPeriod), CpuPeriod),
        (nameof(CpusetCpus), CpusetCpus), (nameof(CpusetMems), CpusetMems), (nameof(PidsLimit), PidsLimit),
    }.Where(one => one.Value is not null).Select(one => FormattableString.Invariant($"{one.Name}={one.Value}")));
}
