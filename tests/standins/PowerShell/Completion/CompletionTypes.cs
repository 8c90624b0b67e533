using System.Collections;
using System.Management.Automation.Language;

namespace System.Management.Automation
{
    public interface IArgumentCompleter
    {
        IEnumerable<CompletionResult> CompleteArgument(
            string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters);
    }

    [AttributeUsage(AttributeTargets.Property | AttributeTargets.Field)]
    public sealed class ArgumentCompleterAttribute(Type type) : Attribute
    {
        public Type Type { get; } = type;
    }

    public enum CompletionResultType
    {
        Text = 0,
        ParameterValue = 10,
    }

    public sealed class CompletionResult(string completionText, string listItemText, CompletionResultType resultType, string toolTip)
    {
        public string CompletionText { get; } = completionText;

        public string ListItemText { get; } = listItemText;

        public CompletionResultType ResultType { get; } = resultType;

        public string ToolTip { get; } = toolTip;
    }
}

namespace System.Management.Automation.Language
{
    /// <summary>The command of a completion. Completers of the module do not look at it, so it has nothing.</summary>
    public sealed class CommandAst
    {
        internal CommandAst()
        {
        }
    }

    public static class CodeGeneration
    {
        /// <summary>Doubles what would end a string in single quotes: the quotes that PowerShell takes for one.</summary>
        public static string EscapeSingleQuotedStringContent(string value)
        {
            ArgumentNullException.ThrowIfNull(value);
            return string.Concat(value.Select(c => c is '\'' or '\u2018' or '\u2019' or '\u201a' or '\u201b' ? $"{c}{c}" : $"{c}"));
        }
    }
}
