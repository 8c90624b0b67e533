using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using CtrPS.Sessions;

namespace CtrPS.Completion;

/// <summary>
/// Base of the completers: asks the session that the command line names, else the default one, for at most a second, and quotes what needs
/// it. A completer never throws: an error would only spoil the line that is being typed.
/// </summary>
public abstract class CtrCompleter : IArgumentCompleter
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(wordToComplete);
        ArgumentNullException.ThrowIfNull(fakeBoundParameters);
        string word = wordToComplete.Trim('\'', '"');
        try
        {
            using var deadline = new CancellationTokenSource(Deadline);
            Task<IEnumerable<CtrCandidate>> candidates = CandidatesAsync(word, fakeBoundParameters, deadline.Token);
            return [.. candidates.WaitAsync(Deadline, deadline.Token).GetAwaiter().GetResult().Select(Result)];
        }
        catch (Exception e) when (
            e is CtrException or OperationCanceledException or System.TimeoutException or ArgumentTransformationMetadataException)
        {
            return [];
        }
    }

    /// <summary>What could stand here. <paramref name="word"/> is what was typed, without quotes.</summary>
    protected abstract Task<IEnumerable<CtrCandidate>> CandidatesAsync(string word, IDictionary boundParameters, CancellationToken cancellationToken);

    /// <summary>
    /// Asks the session that the command line means: one that is there, else one just for this, so that half-typed addresses leave nothing.
    /// </summary>
    private protected static async Task<T> AskAsync<T>(
        IDictionary boundParameters, Func<CtrSession, ICtrConnection, Task<T>> ask, CancellationToken cancellationToken)
    {
        CtrSession? existing = ExistingSession(boundParameters["Session"] ?? boundParameters["Address"], out CtrEndpoint endpoint);
        CtrSession session = existing ?? SessionTable.Detached(endpoint);
        try
        {
            return await ask(session, await session.OpenAsync(cancellationToken).ConfigureAwait(false)).ConfigureAwait(false);
        }
        finally
        {
            if (existing is null)
            {
                await session.CloseAsync().ConfigureAwait(false);
            }
        }
    }

    /// <summary>Whether a candidate goes on from what was typed; the typed word may hold wildcards.</summary>
    private protected static bool GoesOn(string candidate, string word) =>
        WildcardPattern.Get(word.Replace("[", "`[", StringComparison.Ordinal) + "*", WildcardOptions.IgnoreCase).IsMatch(candidate);

    /// <summary>The namespaces that the command line means; wildcards are resolved.</summary>
    private protected static async Task<IEnumerable<string>> NamespacesAsync(
        ICtrConnection connection, object? given, CtrSession session, CancellationToken cancellationToken)
    {
        string[] patterns = given switch
        {
            null => [session.Namespace],
            object[] many => [.. many.Select(one => one?.ToString() ?? "")],
            _ => [given.ToString() ?? ""],
        };
        if (!patterns.Any(WildcardPattern.ContainsWildcardCharacters))
        {
            return patterns;
        }

        IReadOnlyList<CtrNamespace> all = await connection.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false);
        return all.Select(one => one.Name).Where(
            name => patterns.Any(pattern => WildcardPattern.Get(pattern, WildcardOptions.IgnoreCase).IsMatch(name)));
    }

    private static CtrSession? ExistingSession(object? given, out CtrEndpoint endpoint)
    {
        object? value = given is PSObject wrapped ? wrapped.BaseObject : given;
        if (value is IList { Count: > 0 } several)
        {
            return ExistingSession(several[0], out endpoint); // what is at the first one is likely to be at the others
        }

        endpoint = value is string address && address.AsSpan().ContainsAny('/', '\\') ? CtrEndpoint.Parse(address) : CtrEndpoint.EnvironmentDefault;
        return value switch
        {
            CtrSession session => session,
            null => SessionTable.Current.Default, // kept: the next key finds it connected
            _ when int.TryParse(value.ToString(), out int id) => SessionTable.Current.Sessions.FirstOrDefault(session => session.Id == id),
            _ => SessionTable.Current.Find(endpoint).FirstOrDefault(),
        };
    }

    private static CompletionResult Result(CtrCandidate candidate)
    {
        bool plain = candidate.Text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '/' or ':' or '-' or '_' or '\\');
        string text = plain ? candidate.Text : "'" + CodeGeneration.EscapeSingleQuotedStringContent(candidate.Text) + "'";
        return new CompletionResult(
            text, ForeignText.Escape(candidate.Text), CompletionResultType.ParameterValue, ForeignText.Escape(candidate.ToolTip));
    }
}

/// <summary>Something that can stand at the cursor.</summary>
/// <param name="Text">The value, not quoted.</param>
/// <param name="ToolTip">What to say about it.</param>
public readonly record struct CtrCandidate(string Text, string ToolTip);
