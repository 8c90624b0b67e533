using System.Globalization;
using System.Management.Automation;
using System.Text;
using CtrPS.Binding;
using CtrPS.Files;

namespace CtrPS.Commands;

/// <summary>A container's task that is to be started, as the parameters of a cmdlet say.</summary>
/// <param name="Connection">Where.</param>
/// <param name="Request">The task.</param>
/// <param name="ProcessIdFile">A file for the number of its process. Null: none.</param>
internal sealed record TaskStart(ICtrConnection Connection, CtrTaskRequest Request, string? ProcessIdFile)
{
    private const string IdPlaceholder = "{Id}";

    /// <summary>Reads the parameters.</summary>
    /// <param name="cmdlet">The cmdlet that has them.</param>
    /// <param name="connection">Where.</param>
    /// <param name="namespace">The container's namespace.</param>
    /// <param name="id">The container.</param>
    /// <param name="stay">Whether the cmdlet takes the output where no log does; else it goes nowhere.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidArgument"/>: no path, or no log.</exception>
    public static TaskStart From<T>(T cmdlet, ICtrConnection connection, string @namespace, string id, bool stay)
        where T : PSCmdlet, ITaskParameters
    {
        string? file = cmdlet.PidFile?.Replace(IdPlaceholder, id, StringComparison.OrdinalIgnoreCase);
        string? log = TaskLogUri.From(cmdlet, cmdlet.LogPath, cmdlet.LogUri, id);
        var cni = CtrCniOptions.FromEnvironment();
        var request = new CtrTaskRequest
        {
            Namespace = @namespace,
            Id = id,
            Network = cmdlet.Cni,
            Cni = cni with
            {
                ConfigFolder = cmdlet.CniConfigPath is { } folder ? ProviderPath.Resolve(cmdlet, folder) : cni.ConfigFolder,
                PluginFolders = cmdlet.CniPluginPath is { } folders
                    ? [.. folders.Select(one => ProviderPath.Resolve(cmdlet, one))]
                    : cni.PluginFolders,
            },
            NoPivot = cmdlet.NoPivot,
            Io = log is not null ? new CtrProcessIo { Kind = CtrIo.Log, LogUri = log } : new CtrProcessIo { Kind = stay ? CtrIo.Pipes : CtrIo.Null },
        };
        return new TaskStart(connection, request, file is null ? null : ProviderPath.Resolve(cmdlet, file));
    }

    /// <summary>
    /// Makes the task, and writes its process id into a file where one is named. One that has ended is removed first, as it would stand in the way;
    /// one that has not is an error. Nothing is left where this fails.
    /// </summary>
    /// <param name="hasInput">Whether it is to have a standard input, where it has pipes at all.</param>
    /// <param name="cancellationToken">The pipeline was stopped.</param>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.TaskExists"/>, those of <see cref="NewFile"/>, and the errors of <see cref="ITaskRunner.CreateAsync"/>.
    /// </exception>
    public async Task<ICtrProcess> CreateAsync(bool hasInput, CancellationToken cancellationToken)
    {
        await MakeRoomAsync(cancellationToken).ConfigureAwait(false);
        CtrTaskRequest request = Request with { Io = Request.Io with { Input = hasInput && Request.Io.Kind == CtrIo.Pipes } };
        ICtrProcess process = await Connection.Runner.CreateAsync(request, cancellationToken).ConfigureAwait(false);
        try
        {
            await WriteProcessIdAsync(process.ProcessId).ConfigureAwait(false);
            return process;
        }
        catch (CtrException)
        {
            await CleanUp.TryAsync(token => Connection.Stopper.RemoveAsync(Request.Namespace, Request.Id, kill: true, token)).ConfigureAwait(false);
            await process.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Lets a task run that nobody waits for, and gives it as it is then.</summary>
    public async Task<CtrTask> StartAsync(CancellationToken cancellationToken)
    {
        ICtrProcess process = await CreateAsync(hasInput: false, cancellationToken).ConfigureAwait(false);
        await using (process.ConfigureAwait(false))
        {
            await process.StartAsync(cancellationToken).ConfigureAwait(false);
            CtrTask? now = await Connection.Tasks.FindAsync(Request.Namespace, Request.Id, cancellationToken).ConfigureAwait(false);
            now ??= new CtrTask { Namespace = Request.Namespace, Id = Request.Id, State = CtrTaskState.None, ProcessId = process.ProcessId };
            return now.With(copy => copy.Network = process.Network);
        }
    }

    /// <summary>Removes a task that has ended; one that has not is an error.</summary>
    private async Task MakeRoomAsync(CancellationToken cancellationToken)
    {
        CtrTask? old = await Connection.Tasks.FindAsync(Request.Namespace, Request.Id, cancellationToken).ConfigureAwait(false);
        if (old is { State: CtrTaskState.Stopped })
        {
            try
            {
                _ = await Connection.Stopper.RemoveAsync(Request.Namespace, Request.Id, kill: false, cancellationToken).ConfigureAwait(false);
            }
            catch (CtrException e) when (e.ErrorId == CtrErrorIds.TaskNotFound)
            {
                // Another client was faster.
            }
        }
        else if (old is not null)
        {
            (string state, string action) = old.State switch
            {
                CtrTaskState.Created => ("has a task that was made and not started", "Remove it with Remove-CtrTask first."),
                CtrTaskState.Paused or CtrTaskState.Pausing => ("runs already and is paused", "Let it go on with Resume-CtrTask."),
                CtrTaskState.Unknown => ("has a task whose state the daemon cannot tell", "Remove it with Remove-CtrTask -Force first."),
                _ => ("runs already", "Stop it with Stop-CtrTask first, or connect to it with Connect-CtrTask."),
            };
            throw new CtrException(
                CtrErrorIds.TaskExists, CtrStatus.AlreadyExists, $"The container '{Request.Id}' in namespace '{Request.Namespace}' {state}.")
            {
                Target = Request.Id,
                RecommendedAction = action,
            };
        }
    }

    /// <summary>Writes the number of the first process into a file: digits, and no line end, as ctr does. One that is there is replaced.</summary>
    /// <exception cref="CtrException">
    /// <see cref="CtrErrorIds.WriteFailed"/>, <see cref="CtrErrorIds.DiskFull"/>; <see cref="CtrErrorIds.InvalidPath"/> for a link or a device.
    /// </exception>
    private async Task WriteProcessIdAsync(long processId)
    {
        if (ProcessIdFile is not null)
        {
            byte[] text = Encoding.UTF8.GetBytes(processId.ToString(CultureInfo.InvariantCulture));
            NewFile file = NewFile.Create(NewFile.RequireFree(ProcessIdFile, force: true), text.Length, checksum: false, force: true);
            await using (file.ConfigureAwait(false))
            {
                _ = await file.WriteAsync(output => output.WriteAsync(text).AsTask()).ConfigureAwait(false);
            }
        }
    }
}
