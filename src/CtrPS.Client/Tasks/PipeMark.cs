using System.Text.Json;
using System.Text.Json.Serialization;
using CtrPS.Client.Connection;
using CtrPS.Client.Posix;

namespace CtrPS.Client.Tasks;

/// <summary>
/// Whose pipes a folder holds, in a small file beside them: what a killed process left can be told by it. It says nothing that is believed without a
/// look at the daemon's own record.
/// </summary>
/// <param name="Host">Of the process that made the folder, as <see cref="ProcessOwner.Host"/>.</param>
/// <param name="Process">That process, as <see cref="ProcessOwner.Process"/>.</param>
/// <param name="Address">The socket of the daemon.</param>
/// <param name="Namespace">The namespace.</param>
/// <param name="Container">The container.</param>
/// <param name="ExecId">The process that was added to it. Empty: its first one.</param>
internal sealed record PipeMark(string Host, string Process, string Address, string Namespace, string Container, string ExecId)
{
    /// <summary>Its name in the folder. No pipe is named so.</summary>
    public const string FileName = "owner.json";

    /// <summary>More than ever stands in one; a file that is larger is none.</summary>
    private const int MaxSize = 8 << 10;

    private const int Permissions = 0x1FF;
    private const int OwnerOnly = 0x1C0; // 0700

    [JsonIgnore]
    public ProcessOwner Owner => new(Host, Process);

    /// <summary>A mark of this process.</summary>
    public static PipeMark Of(string address, string @namespace, string container, string execId) =>
        new(ProcessOwner.Current.Host, ProcessOwner.Current.Process, address, @namespace, container, execId);

    /// <summary>Writes it into a new folder.</summary>
    public void Write(string folder)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(Path.Combine(folder, FileName), options);
        file.Write(JsonSerializer.SerializeToUtf8Bytes(this, PipeMarkJson.Default.PipeMark));
    }

    /// <summary>
    /// Reads the mark of a folder. Null where there is none, where it is not exactly one of ours, and where anybody else could have written it.
    /// </summary>
    public static PipeMark? TryRead(string folder)
    {
        string path = Path.Combine(folder, FileName);
        if (!IsPrivate(folder) || FileStatus.Of(path, follow: false) is not { IsFile: true })
        {
            return null;
        }

        try
        {
            using FileStream file = File.OpenRead(path);
            return file.Length <= MaxSize ? JsonSerializer.Deserialize(file, PipeMarkJson.Default.PipeMark) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return null; // not ours, half written by a process that was killed just then, or removed at this moment
        }
    }

    /// <summary>Whether a folder is our user's, and closed to all others.</summary>
    public static bool IsPrivate(string folder) =>
        FileStatus.Of(folder, follow: false) is { IsFolder: true } status
        && status.Uid == OwnFile.User
        && (status.Permissions & Permissions) == OwnerOnly;
}

/// <summary>The mark's JSON: exactly its fields, each of them text.</summary>
[JsonSourceGenerationOptions(
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(PipeMark))]
internal sealed partial class PipeMarkJson : JsonSerializerContext;
