using System.Text.Json;
using System.Text.Json.Nodes;
using CtrPS.Client.Containers;
using CtrPS.Client.Introspection;

namespace CtrPS.Client.Tasks;

/// <summary>
/// The process that is added to a container: that of the container's own spec, with what was asked for changed. Capabilities, limits and profiles stay the
/// container's (cmd/ctr, tasks/exec.go).
/// </summary>
internal static class ExecSpec
{
    private const string TerminalVariable = "TERM";

    /// <summary>The process as JSON.</summary>
    /// <param name="spec">The container's spec.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="processId">The container's first process: users are looked up in the file system that it sees.</param>
    /// <param name="machine">The daemon's machine.</param>
    /// <param name="cancellationToken">Cancels the calls.</param>
    /// <exception cref="CtrException"><see cref="CtrErrorIds.InvalidSpec"/>; <see cref="CtrErrorIds.UserNotFound"/>; <see cref="CtrErrorIds.NotLocal"/> for a user by name.</exception>
    public static async Task<byte[]> MakeAsync(ReadOnlyMemory<byte> spec, CtrExecRequest request, long processId, DaemonMachine machine, CancellationToken cancellationToken)
    {
        JsonObject process = ReadProcess(spec, request.Id);
        process["args"] = new JsonArray([.. request.Command.Select(word => (JsonNode)word)]);
        _ = process.Remove("commandLine");
        if (request.Io.Terminal)
        {
            process["terminal"] = true;
            process["consoleSize"] = request.Io.Size is var (columns, rows) ? new JsonObject { ["height"] = rows, ["width"] = columns } : null;
        }
        else
        {
            _ = process.Remove("terminal");
            _ = process.Remove("consoleSize");
        }

        if (request.WorkingDirectory is { } directory)
        {
            process["cwd"] = directory;
        }

        SetEnvironment(process, request);
        if (request.User is { } user)
        {
            process["user"] = ToJson(await FindUserAsync(user, request, processId, machine, cancellationToken).ConfigureAwait(false), process["user"] as JsonObject);
        }

        return JsonSerializer.SerializeToUtf8Bytes(process);
    }

    private static JsonObject ReadProcess(ReadOnlyMemory<byte> spec, string id)
    {
        try
        {
            if (JsonNode.Parse(spec.Span) is JsonObject root && root["process"] is JsonObject process)
            {
                _ = root.Remove("process");
                return process;
            }
        }
        catch (JsonException e)
        {
            throw Invalid(e.Message, e);
        }

        throw Invalid("it has no process", null);

        CtrException Invalid(string fault, Exception? cause) =>
            new(CtrErrorIds.InvalidSpec, CtrStatus.InvalidArgument, $"The spec of container '{id}' cannot be read: {fault}.", cause) { Target = id };
    }

    /// <summary>Adds variables to those of the container; a later one of the same name wins, a name alone removes one.</summary>
    private static void SetEnvironment(JsonObject process, CtrExecRequest request)
    {
        var variables = (process["env"] as JsonArray ?? []).Select(variable => variable?.GetValue<string>() ?? "").ToList();
        foreach (string given in request.Environment)
        {
            string name = given.Split('=')[0];
            int at = variables.FindIndex(variable => variable.Split('=')[0] == name);
            if (at < 0 && given.Contains('='))
            {
                variables.Add(given);
            }
            else if (at >= 0 && given.Contains('='))
            {
                variables[at] = given;
            }
            else if (at >= 0)
            {
                variables.RemoveAt(at);
            }
        }

        if (request.Io.Terminal && !variables.Any(variable => variable.StartsWith(TerminalVariable + "=", StringComparison.Ordinal)))
        {
            variables.Add(TerminalVariable + "=xterm");
        }

        process["env"] = new JsonArray([.. variables.Select(variable => (JsonNode)variable)]);
    }

    private static async Task<ContainerUser> FindUserAsync(string user, CtrExecRequest request, long processId, DaemonMachine machine, CancellationToken cancellationToken)
    {
        string words = $"container '{request.Id}' in namespace '{request.Namespace}'";
        if (await machine.IsLocalAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                return ContainerUser.Find(user, path => RootedFiles.ReadLines($"/proc/{processId}/root", path), words);
            }
            catch (IOException e)
            {
                throw new CtrException(CtrErrorIds.AccessDenied, CtrStatus.PermissionDenied, $"The users of {words} cannot be read: {e.Message}", e)
                {
                    Target = request.Id,
                    RecommendedAction = "Run PowerShell as root, or give the user as uid:gid.",
                };
            }
        }

        // From afar only numbers will do: they need no file of the container.
        if (!user.Split(':').All(part => part.Length > 0 && part.All(char.IsAsciiDigit)))
        {
            await machine.RequireLocalAsync("The users of a container", cancellationToken).ConfigureAwait(false);
        }

        return ContainerUser.Find(user, _ => [], words);
    }

    /// <summary>A user of the spec; what else stands there (umask) stays.</summary>
    private static JsonObject ToJson(ContainerUser user, JsonObject? before)
    {
        var json = before?.DeepClone() as JsonObject ?? [];
        _ = json.Remove("username");
        json["uid"] = user.Uid;
        json["gid"] = user.Gid;
        json["additionalGids"] = new JsonArray([.. user.AdditionalGids.Select(gid => (JsonNode)gid)]);
        return json;
    }
}
